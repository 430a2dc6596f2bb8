# A VM by Nomad's community driver for Firecracker, with volt in Firecracker's place: the same file under that name, by
#   ln /usr/bin/volt /usr/local/bin/firecracker
job "volt-firecracker" {
  datacenters = ["dc1"]
  type        = "service"

  group "vm" {
    restart {
      attempts = 0
      mode     = "fail"
    }

    task "web" {
      driver = "firecracker-task-driver"

      config {
        Firecracker = "/usr/local/bin/firecracker"
        KernelImage = "/var/lib/volt/kernels/volt/vmlinux"
        BootOptions = "ro console=ttyS0 reboot=k panic=1 pci=off"
        BootDisk    = "/var/lib/volt/disks/web.ext4"
        Disks       = ["/var/lib/volt/disks/data.ext4:rw"]
        Network     = "default"
        Vcpus       = 2
        Mem         = 512
      }
    }
  }
}
