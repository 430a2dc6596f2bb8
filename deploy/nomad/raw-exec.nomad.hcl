# A VM as an ordinary process of Nomad's, by the raw_exec driver (to be enabled in the client's configuration).
job "volt" {
  datacenters = ["dc1"]
  type        = "service"

  group "vm" {
    restart {
      attempts = 2
      interval = "10m"
      delay    = "5s"
      mode     = "fail"
    }

    task "web" {
      driver = "raw_exec"

      # raw_exec sets no limit on memory, so the guest is told its own: less than the task's by what volt takes.
      env {
        VOLT_HOME   = "/var/lib/volt"
        VOLT_ID     = "web-${NOMAD_ALLOC_INDEX}"
        VOLT_CPUS   = "2"
        VOLT_MEMORY = "512M"
        VOLT_DISK   = "/var/lib/volt/disks/web.ext4,root"
        VOLT_NET    = "tap=web${NOMAD_ALLOC_INDEX}"
      }

      config {
        command = "/usr/bin/volt"
        args    = ["run"]
      }

      # The guest has 10 seconds (VOLT_STOP_TIMEOUT) to go down.
      kill_signal  = "SIGTERM"
      kill_timeout = "20s"

      resources {
        cpu    = 1000
        memory = 570
      }
    }
  }
}
