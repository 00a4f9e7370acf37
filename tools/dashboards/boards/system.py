"""System: is a host short of something? Utilisation, saturation and errors of each resource (the USE method)."""

from __future__ import annotations

from .. import limits as at
from ..board import Board, Row, alert_count, alert_rows
from ..panels import IN, MUTED, Column, Empty, Look, Query, lines, number, rows
from ..promql import of, rate, recorded, total

ALERTS = (
    "Host.+|Gpu.+|DiskFilling|MemoryFilling|FileDescriptorsFilling|Certificate.+|AnomalyDetected|TargetDown|TextfileStale"
    "|Prometheus.+|Alertmanager.+|NotificationsFailing"
)
# As in the rules: filesystems that fill by what services write.
DISKS = 'fstype!~"erofs|iso9660|ramfs|squashfs|tmpfs"'
DEVICES = 'device!~"lo|veth.+|br-.+|docker.+|cni.+|flannel.+|cali.+"'
BLOCKS = 'device!~"loop.+|ram.+|sr.+|fd.+"'
NO_GPU = "No GPU in these hosts"
HOST = "{{host}}"
IDLE = 'mode="idle"'
BUSY = 'mode!="idle"'
WATCHING = 'job=~"prometheus|alertmanager"'

cpu_used = f"1 - avg by (instance, host) ({rate('node_cpu_seconds_total', IDLE)})"
memory_used = f"1 - {of('node_memory_MemAvailable_bytes')} / {of('node_memory_MemTotal_bytes')}"
disk_used = f"1 - {of('node_filesystem_avail_bytes', DISKS)} / {of('node_filesystem_size_bytes', DISKS)}"
inodes_used = f"1 - {of('node_filesystem_files_free', DISKS)} / ({of('node_filesystem_files', DISKS)} > 0)"
descriptors_used = f"{of('node_filefd_allocated')} / {of('node_filefd_maximum')}"
exhaustion = recorded("omnimind:time_to_exhaustion_seconds", 'resource=~"disk|memory|file_descriptors"')
cores = f"count by (instance, host) ({rate('node_cpu_seconds_total', IDLE)})"


def _await(act: str) -> str:
    """Seconds of a read or a write."""
    kind = {"read": "reads", "write": "writes"}[act]
    seconds = rate(f"node_disk_{act}_time_seconds_total", BLOCKS)
    return f"{seconds} / ({rate(f'node_disk_{kind}_completed_total', BLOCKS)} > 0)"


def _share_of_packets(kind: str) -> str:
    """Of both directions together."""

    def both(what: str) -> str:
        return " + ".join(rate(f"node_network_{way}_{what}_total", DEVICES) for way in ("receive", "transmit"))

    return f"({both(kind)}) / clamp_min({both('packets')}, 1)"


HEADLINE = Row(
    "",
    [
        number(
            "Targets down",
            "count(up == 0) or vector(0)",
            "How many things that Prometheus watches, of all jobs, do not answer it.",
            "See which in the table below. Whatever does not answer is not seen on any dashboard either.",
            unit="none",
            limits=at.ANY,
            alerts=["TargetDown", "HostDown", "TextfileStale"],
            whole="a target that is away is missed whatever is chosen",
        ),
        number(
            "Busiest processor",
            f"max({cpu_used})",
            "The share of processor time in use on the host that has least left.",
            "Find the host below, and what runs on it with `top`. Work queues up behind a full processor.",
            unit="percentunit",
            limits=at.above("cpu"),
            alerts=["HostCpuBusy"],
            decimals=1,
        ),
        number(
            "Fullest memory",
            f"max({memory_used})",
            "The share of memory that programs hold on the host that has least left.",
            "Find the host below. When nothing is left, the kernel kills a program of its choice.",
            unit="percentunit",
            limits=at.above("memory"),
            alerts=["HostMemoryFull"],
            decimals=1,
        ),
        number(
            "Fullest disk",
            f"max({disk_used})",
            "The share of space in use on the filesystem that has least left.",
            "Find it below, then what grows in it with `du -xh`. Without space Redis cannot save, and logs stop.",
            unit="percentunit",
            limits=at.above("disk"),
            alerts=["HostDiskFull"],
            decimals=1,
        ),
        number(
            "First to run out",
            f"min({exhaustion})",
            "When the first disk, memory or table of descriptors is used up, if it goes on as in the last hours. A year "
            "stands for: not in sight.",
            "See Limits below for which it is. Free some before the time is over; it is a forecast, not a fault.",
            unit="s",
            limits=at.below("exhaustion"),
            alerts=["DiskFilling", "MemoryFilling", "FileDescriptorsFilling"],
            absent="Needs the rules",
            empty=Empty.NO_RULES,
            graph=False,
        ),
        alert_count(ALERTS),
        alert_rows(ALERTS),
    ],
)

HOSTS = Row(
    "Hosts",
    [
        rows(
            "Hosts side by side",
            [
                f"max by (host, instance) ({expression})"
                for expression in (
                    f"time() - {of('node_boot_time_seconds')}",
                    cpu_used,
                    of("node_load1"),
                    memory_used,
                    disk_used,
                    descriptors_used,
                )
            ],
            [
                Column("host", "Host"),
                Column("instance", "Instance"),
                Column("Value #A", "Up for", "s"),
                Column("Value #B", "Processor", "percentunit", limits=at.above("cpu")),
                Column("Value #C", "Load", "short"),
                Column("Value #D", "Memory", "percentunit", limits=at.above("memory")),
                Column("Value #E", "Fullest disk", "percentunit", limits=at.above("disk")),
                Column("Value #F", "Descriptors", "percentunit", limits=at.above("file_descriptors")),
            ],
            "Every host with what it has used of its processor, memory, fullest filesystem and descriptors.",
            "Choose the host above to see only it below. A host that is missing does not answer; one that has not run for "
            "long has restarted.",
            alerts=["HostDown", "HostRebooted"],
            height=7,
        ),
    ],
)

PROCESSORS = Row(
    "Processors",
    [
        lines(
            "Processor time in use",
            [Query(cpu_used, HOST)],
            "Utilisation: the share of all cores' time that is not idle, by host.",
            "Look at the modes: user is a program, system the kernel, steal a neighbour on the same machine. Move work "
            "or add cores.",
            unit="percentunit",
            limits=at.above("cpu"),
            alerts=["HostCpuBusy"],
            full=1,
        ),
        lines(
            "Where the time goes",
            [Query(f"avg by (mode) ({rate('node_cpu_seconds_total', BUSY)})", "{{mode}}")],
            "The same time by mode, as a share of all cores of the hosts chosen.",
            "iowait points at disks, softirq at the network, steal at the hypervisor: ask there, not here.",
            unit="percentunit",
            stacked=True,
            full=1,
        ),
        lines(
            "Load for each core",
            [Query(f"{of('node_load1')} / on (instance, host) {cores}", HOST)],
            "Saturation: programs that run or wait to run, for each core, averaged over a minute. Above 1 some wait.",
            "When it stays above 1 and processors are busy, there is too much work; when they are idle, it waits for disks.",
            unit="short",
        ),
    ],
)

MEMORY = Row(
    "Memory",
    [
        lines(
            "Memory in use",
            [Query(memory_used, HOST)],
            "Utilisation: the share of memory that programs hold and cannot be given to others, by host.",
            "Find the program with `ps --sort -rss`. Redis is bounded by maxmemory, the backend by its service's limit.",
            unit="percentunit",
            limits=at.above("memory"),
            alerts=["HostMemoryFull", "MemoryFilling"],
            full=1,
        ),
        lines(
            "Memory by use",
            [
                Query(
                    total(of("node_memory_MemTotal_bytes")) + " - " + total(of("node_memory_MemAvailable_bytes")),
                    "programs",
                ),
                Query(
                    f"{total(of('node_memory_MemAvailable_bytes'))} - {total(of('node_memory_MemFree_bytes'))}",
                    "cache, given back on demand",
                ),
                Query(total(of("node_memory_MemFree_bytes")), "free"),
            ],
            "What the memory of the hosts chosen is used for. Cache is not lost: programs get it when they ask.",
            "Steady growth of programs without more work is a leak: its slope tells when the memory is full.",
            unit="bytes",
            looks={
                "programs": Look(color=IN),
                "cache, given back on demand": Look(color="light-blue"),
                "free": Look(color=MUTED),
            },
            stacked=True,
        ),
        lines(
            "Paging and kills",
            [
                Query(rate("node_vmstat_pgmajfault"), f"{HOST} pages read back"),
                Query(rate("node_vmstat_pswpout"), f"{HOST} pages swapped out"),
                Query(rate("node_vmstat_oom_kill"), f"{HOST} programs killed"),
            ],
            "Saturation and errors: pages that had to be read from disk again or were swapped out, and programs that the "
            "kernel killed for memory, a second.",
            "Any swapping slows Redis down by orders of magnitude. After a kill `dmesg` names the program.",
            unit="ops",
            alerts=["HostOutOfMemoryKill"],
        ),
    ],
)

DISK = Row(
    "Disks",
    [
        lines(
            "Space in use",
            [Query(disk_used, f"{HOST} {{{{mountpoint}}}}")],
            "Utilisation: the share of each filesystem's space in use.",
            "Find what grows with `du -xh`; rotate logs, remove old backups, or give it more space.",
            unit="percentunit",
            limits=at.above("disk"),
            alerts=["HostDiskFull", "DiskFilling"],
            full=1,
        ),
        lines(
            "Inodes in use",
            [Query(inodes_used, f"{HOST} {{{{mountpoint}}}}")],
            "The share of each filesystem's inodes in use. At the end no file can be made, however much space is free.",
            "Look for a directory with very many small files, as of a cache or of sessions, and clear it.",
            unit="percentunit",
            limits=at.above("disk"),
            alerts=["HostInodesFull"],
            full=1,
        ),
        lines(
            "Time at work",
            [Query(rate("node_disk_io_time_seconds_total", BLOCKS), f"{HOST} {{{{device}}}}")],
            "Utilisation: the share of time in which a disk had something to do.",
            "Whatever waits for this disk is slow: an append only file, a database, logs. `iotop` names who asks.",
            unit="percentunit",
            limits=at.above("disk_busy"),
            alerts=["HostDiskBusy"],
            full=1,
        ),
        lines(
            "Waiting for a disk",
            [
                Query(_await("read"), f"{HOST} {{{{device}}}} read"),
                Query(_await("write"), f"{HOST} {{{{device}}}} write"),
            ],
            "Saturation: how long a read or a write takes, with its time in the queue.",
            "Below 1 ms is a fast disk, above 20 ms a slow or an overloaded one; compare with its time at work.",
            unit="s",
            empty=Empty.CHANCE,
        ),
        lines(
            "Read and written",
            [
                Query(total(rate("node_disk_read_bytes_total", BLOCKS), "host"), f"{HOST} read"),
                Query(total(rate("node_disk_written_bytes_total", BLOCKS), "host"), f"{HOST} written"),
            ],
            "How much all disks of a host transfer.",
            "A sudden change without more requests is a backup, a rewrite of an append only file, or swapping.",
            unit="Bps",
        ),
        lines(
            "Filesystems in trouble",
            [
                Query(total(of("node_filesystem_readonly", DISKS), "host"), f"{HOST} read only"),
                Query(total(of("node_filesystem_device_error", DISKS), "host"), f"{HOST} do not answer"),
            ],
            "Errors: how many filesystems cannot be written, or do not answer at all. Some are read only by intention.",
            "A filesystem that turns read only has a disk that fails: `dmesg` says more. Move the services now.",
            unit="none",
            alerts=["HostFilesystemReadOnly"],
            steps=True,
        ),
    ],
)

NETWORK = Row(
    "Network",
    [
        lines(
            "Received and sent",
            [
                Query(f"8 * {total(rate('node_network_receive_bytes_total', DEVICES), 'host')}", f"{HOST} received"),
                Query(f"8 * {total(rate('node_network_transmit_bytes_total', DEVICES), 'host')}", f"{HOST} sent"),
            ],
            "Utilisation: bits a second over all interfaces of a host but its loopback.",
            "Compare with what the interface can carry: near that, packets wait and are dropped.",
            unit="bps",
        ),
        lines(
            "Packets lost",
            [
                Query(_share_of_packets("drop"), f"{HOST} {{{{device}}}} dropped"),
                Query(_share_of_packets("errs"), f"{HOST} {{{{device}}}} broken"),
            ],
            "Saturation and errors: the share of an interface's packets that were dropped, or came broken.",
            "Broken packets are a cable, a port or a driver. Dropped ones are a queue that is too short or a host too busy.",
            unit="percentunit",
            limits=at.above("network_errors"),
            alerts=["HostNetworkErrors"],
        ),
        lines(
            "Segments sent again",
            [Query(f"{rate('node_netstat_Tcp_RetransSegs')} / ({rate('node_netstat_Tcp_OutSegs')} > 0)", HOST)],
            "The share of TCP segments that had to be sent twice: what applications feel of a bad network.",
            "More than one in a hundred is a path that loses packets: compare hosts to find the one in common.",
            unit="percentunit",
        ),
    ],
)

GPU = Row(
    "GPUs",
    [
        lines(
            "GPU time in use",
            [Query(of("omnimind_gpu_utilization_ratio"), f"{HOST} {{{{gpu}}}} {{{{name}}}}")],
            "Utilisation: the share of time in which a GPU had work.",
            "A GPU that is idle while tasks wait has nobody to feed it: look at the agents on the business dashboard.",
            unit="percentunit",
            absent=NO_GPU,
            empty=Empty.NO_GPU,
            full=1,
            width=6,
        ),
        lines(
            "GPU memory in use",
            [
                Query(
                    f"{of('omnimind_gpu_memory_used_bytes')} / {of('omnimind_gpu_memory_total_bytes')}",
                    f"{HOST} {{{{gpu}}}} {{{{name}}}}",
                )
            ],
            "Saturation: the share of a GPU's memory in use. The next model or a larger batch must fit into the rest.",
            "Unload a model or make batches smaller; `nvidia-smi` names the processes.",
            unit="percentunit",
            limits=at.above("gpu_memory"),
            alerts=["GpuMemoryFull"],
            absent=NO_GPU,
            empty=Empty.NO_GPU,
            full=1,
            width=6,
        ),
        lines(
            "GPU temperature",
            [Query(of("omnimind_gpu_temperature_celsius"), f"{HOST} {{{{gpu}}}} {{{{name}}}}")],
            "How hot a GPU is. Near its limit it slows itself down, then switches itself off.",
            "Look at fans and airflow, lower its power limit with `nvidia-smi -pl`, or take work away.",
            unit="celsius",
            limits=at.above("gpu_temperature"),
            alerts=["GpuHot"],
            absent=NO_GPU,
            empty=Empty.NO_GPU,
            width=6,
        ),
        lines(
            "GPU power",
            [Query(of("omnimind_gpu_power_watts"), f"{HOST} {{{{gpu}}}} {{{{name}}}}")],
            "What a GPU draws: with its time in use, the quickest sign of whether it does real work.",
            "Little power at full utilisation is a GPU that is throttled or waits for memory.",
            unit="watt",
            absent=NO_GPU,
            empty=Empty.NO_GPU,
            width=6,
        ),
    ],
)

LIMITS = Row(
    "Limits",
    [
        lines(
            "Time left",
            [Query(exhaustion, f"{HOST} {{{{resource}}}} {{{{mountpoint}}}}")],
            "When a disk, memory or descriptors are used up, if it goes on as in the last hours. A year stands for: not in "
            "sight.",
            "Free some, or give more, before the time is over. A short dip after a burst mends itself.",
            unit="s",
            limits=at.below("exhaustion"),
            alerts=["DiskFilling", "MemoryFilling", "FileDescriptorsFilling"],
            absent="Needs the rules",
            empty=Empty.NO_RULES,
            width=6,
        ),
        lines(
            "File descriptors in use",
            [
                Query(descriptors_used, f"{HOST} all"),
                Query(f"{of('process_open_fds')} / {of('process_max_fds')}", f"{HOST} {{{{job}}}}"),
            ],
            "The share of the descriptors that a host, or a process, may have open. At the end it can open no file and take "
            "no connection.",
            "`ls /proc/PID/fd` tells what they are. Growth without more connections is a leak: restart, then mend it.",
            unit="percentunit",
            limits=at.above("file_descriptors"),
            alerts=["HostFileDescriptorsHigh", "FileDescriptorsFilling"],
            width=6,
        ),
        lines(
            "Clock off by",
            [Query(f"abs({of('node_timex_offset_seconds')})", HOST)],
            "How far a host's clock is from its time source. Certificates, expiring keys and the order of logs depend on it.",
            "See whether a time service runs and reaches its servers: `timedatectl`, `chronyc sources`.",
            unit="s",
            limits=at.above("clock_skew"),
            alerts=["HostClockSkewed", "HostClockUnsynchronised"],
            width=6,
        ),
        lines(
            "Certificates valid for",
            [Query(f"{of('omnimind_certificate_expiry_timestamp_seconds')} - time()", f"{HOST} {{{{path}}}}")],
            "How long each certificate that is watched is still valid. When it is over, nobody can connect.",
            "Issue a new one, and run the playbook of what uses it: the new one is taken up without a restart.",
            unit="s",
            limits=at.below("certificate"),
            alerts=["CertificateExpiring", "CertificateUnreadable"],
            absent="No certificate is watched",
            empty=Empty.NO_CERTIFICATES,
            negative="a certificate may have expired",
            width=6,
        ),
    ],
)

WATCHERS = Row(
    "The monitoring itself",
    [
        lines(
            "Series and samples",
            [
                Query(of("prometheus_tsdb_head_series"), "series"),
                Query(rate("prometheus_tsdb_head_samples_appended_total"), "samples a second"),
            ],
            "How much Prometheus holds in memory, and takes in. Its memory grows with the series.",
            "A jump is a new label with too many values: find it under Status, TSDB Status, and drop it.",
            unit="short",
            alerts=["PrometheusStorageTrouble", "PrometheusRetentionCut"],
            width=6,
        ),
        lines(
            "Memory of Prometheus and Alertmanager",
            [Query(of("process_resident_memory_bytes", WATCHING), "{{job}} {{instance}}")],
            "What the monitoring itself takes from its host.",
            "When it grows with the series, see there; when a query does it, it falls again.",
            unit="bytes",
            width=6,
        ),
        lines(
            "Rules and scrapes that fail",
            [
                Query(total(rate("prometheus_rule_evaluation_failures_total"), "instance"), "rules that fail"),
                Query(
                    total(rate("prometheus_rule_group_iterations_missed_total"), "instance"), "rules that come too late"
                ),
                Query(
                    total(rate("prometheus_target_scrapes_sample_out_of_order_total"), "instance"), "samples refused"
                ),
            ],
            "Errors: rules that could not be evaluated or were late, and samples that were not taken, a second. All are 0 "
            "in a sound Prometheus.",
            "The page Rules of Prometheus names the rule and its error. An alert whose rule fails never fires.",
            unit="ops",
            alerts=[
                "PrometheusRulesFailing",
                "PrometheusRulesSlow",
                "PrometheusScrapesRejected",
                "PrometheusReloadFailed",
            ],
            width=6,
        ),
        lines(
            "Notifications",
            [
                Query(total(rate("alertmanager_notifications_total"), "integration"), "{{integration}} sent"),
                Query(total(rate("alertmanager_notifications_failed_total"), "integration"), "{{integration}} failed"),
                Query(total(rate("prometheus_notifications_dropped_total")), "lost before Alertmanager"),
            ],
            "Messages of Alertmanager a second by channel, those that failed, and alerts that never reached it.",
            "A webhook may be revoked, a key wrong, or the way out closed: the log of Alertmanager has the answer it got.",
            unit="ops",
            alerts=[
                "NotificationsFailing",
                "PrometheusAlertsLost",
                "AlertmanagerReloadFailed",
                "AlertmanagerPeersMissing",
            ],
            width=6,
        ),
    ],
)

BOARD = Board(
    "system",
    "OmniMind / System",
    "Hosts by the USE method: for each resource its utilisation, its saturation and its errors. Begin with the headline, "
    "then the row of the resource that it points at.",
    "node_uname_info|prometheus_build_info|alertmanager_build_info",
    ALERTS,
    [HEADLINE, HOSTS, PROCESSORS, MEMORY, DISK, NETWORK, GPU, LIMITS, WATCHERS],
)
