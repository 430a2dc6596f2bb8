#!/bin/sh
# Runs a nested machine's processes and clears up after them, whatever happens to the program that wanted the machine.
#
#   keeper.sh FOLDER VIRTIOFSD ROOT-SOCKET SHARE SHARE-SOCKET QEMU ARGUMENT...
#
# stdin is a pipe that only that program holds. When it ends (the program stopped the machine, or died, SIGKILL
# included), or when QEMU ends by itself, everything here is killed and FOLDER is removed.
# stdout is the machine's console, stderr what QEMU complains about.

# A function, so that the shell has read all of this file before it runs: the file may change meanwhile.
keep() {
  folder=$1 virtiofsd=$2 root_socket=$3 share=$4 share_socket=$5
  shift 5
  trap '' INT HUP TERM # they mean the program, which then ends our stdin
  exec 3<&0 </dev/null

  # virtiofsd tells every step of its life: that is only wanted when it does not come up.
  log=$folder/virtiofsd.log
  start "$virtiofsd" --socket-path="$root_socket" -o source=/ -o cache=always -o sandbox=chroot >>"$log" 2>&1
  pids=$!
  start "$virtiofsd" --socket-path="$share_socket" -o source="$share" -o cache=none -o sandbox=chroot >>"$log" 2>&1
  pids="$pids $!"
  waited=0
  until [ -S "$root_socket" ] && [ -S "$share_socket" ]; do
    [ $((waited += 1)) -lt 500 ] || { cat "$log" >&2; break; } # 10 s; QEMU then says which socket it misses
    sleep 0.02
  done
  start "$@"
  qemu=$!
  { read -r _ <&3; kill -KILL "$qemu"; } >/dev/null 2>&1 &
  pids="$pids $!"
  # From here on the shell is silent: to tell that QEMU was killed, it would write to a program that may be gone, and
  # die of it.
  exec 3<&- >/dev/null 2>&1

  wait "$qemu"
  # shellcheck disable=SC2086 # a list of numbers
  kill -KILL $pids
  wait
  rm -rf -- "$folder"
  for socket in "$root_socket" "$share_socket"; do
    rm -f "/run/virtiofsd/$(printf %s "$socket" | tr / .).pid" # the virtiofsd in QEMU's own package leaves it there
  done
}

# pdeathsig: they die with the keeper too, should it be killed itself.
start() {
  setpriv --pdeathsig KILL "$@" 3<&- &
}

keep "$@"
exit
