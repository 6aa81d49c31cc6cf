"""Which system calls a notebook may make: a list of what it needs, compiled once for seccomp.

The model is Docker's default profile for a container without capabilities; whatever that refuses is refused here, and
more, since a notebook needs less than a container (the table in grader/README.md). A call that is on no list does
not exist for a notebook (ENOSYS), so libraries fall back as they do on an older kernel; that covers the calls of
kernels to come. The filter is compiled here by libseccomp and applied in the zygote's fork (`inside/confinement.py`).
"""

from __future__ import annotations

import errno
import socket
import tempfile
from functools import cache

from grader.errors import SandboxUnavailable
from grader.language import _

# Names that this machine's architecture or libseccomp does not know are passed over.
ALLOWED = (
    # files; `fcntl` by rule
    "access", "chdir", "chmod", "chown", "close", "close_range", "copy_file_range", "creat", "dup", "dup2", "dup3",
    "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod", "fchmodat", "fchown", "fchownat",
    "fdatasync", "fgetxattr", "flistxattr", "flock", "fremovexattr", "fsetxattr", "fstat", "fstatfs", "fsync",
    "ftruncate", "futimesat", "getcwd", "getdents", "getdents64", "getxattr", "ioctl", "lchown", "lgetxattr", "link",
    "linkat", "listxattr", "llistxattr", "lremovexattr", "lseek", "lsetxattr", "lstat", "memfd_create", "mkdir",
    "mkdirat", "mknod", "mknodat", "newfstatat", "open", "openat", "openat2", "pipe", "pipe2", "pread64", "preadv",
    "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv",
    "removexattr", "rename", "renameat", "renameat2", "rmdir", "sendfile", "setxattr", "splice", "stat", "statfs",
    "statx", "symlink", "symlinkat", "sync_file_range", "tee", "truncate", "umask", "unlink", "unlinkat", "utime",
    "utimensat", "utimes", "write", "writev",
    # memory
    "brk", "madvise", "membarrier", "mincore", "mlock", "mlock2", "mlockall", "mmap", "mprotect", "mremap", "msync",
    "munlock", "munlockall", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect",
    # processes, threads and signals; `clone` and `prlimit64` by rule
    "alarm", "arch_prctl", "capget", "capset", "execve", "execveat", "exit", "exit_group", "fork", "futex",
    "futex_waitv", "get_robust_list", "get_thread_area", "getcpu", "getegid", "geteuid", "getgid", "getgroups",
    "getitimer", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getresgid", "getresuid", "getrlimit",
    "getrusage", "getsid", "gettid", "getuid", "ioprio_get", "ioprio_set", "kill", "pause", "prctl",
    "restart_syscall", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn",
    "rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo", "sched_get_priority_max", "sched_get_priority_min",
    "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_rr_get_interval",
    "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield", "set_robust_list",
    "set_thread_area", "set_tid_address", "setfsgid", "setfsuid", "setgid", "setgroups", "setitimer", "setpgid",
    "setpriority", "setregid", "setresgid", "setresuid", "setreuid", "setrlimit", "setsid", "setuid", "sigaltstack",
    "signalfd", "signalfd4", "tgkill", "tkill", "vfork", "wait4", "waitid",
    # waiting and time
    "clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait",
    "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "gettimeofday", "nanosleep", "poll", "ppoll", "pselect6",
    "select", "time", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime",
    "timerfd_create", "timerfd_gettime", "timerfd_settime", "times",
    # sockets and System V memory of its own namespaces; `socket` and `socketpair` by rule
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom",
    "recvmmsg", "recvmsg", "semctl", "semget", "semop", "semtimedop", "sendmmsg", "sendmsg", "sendto", "setsockopt",
    "shmat", "shmctl", "shmdt", "shmget", "shutdown", "msgctl", "msgget", "msgrcv", "msgsnd",
    # the machine
    "getrandom", "sysinfo", "uname",
)  # fmt: skip

# By family, what is refused on purpose: EPERM, so that a message speaks of rights and not of an old kernel.
REFUSED: dict[str, tuple[str, ...]] = {
    "namespaces and mounts": (
        "chroot", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree",
        "pivot_root", "setns", "umount2", "unshare",
    ),
    "other processes": (
        "kcmp", "pidfd_getfd", "process_madvise", "process_mrelease", "process_vm_readv", "process_vm_writev",
        "ptrace",
    ),
    "keyrings": ("add_key", "keyctl", "request_key"),
    "programs for the kernel": ("bpf", "perf_event_open", "seccomp"),
    "page faults and hidden memory": ("memfd_secret", "userfaultfd"),
    "rings and asynchronous files": (
        "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_setup", "io_submit", "io_uring_enter",
        "io_uring_register", "io_uring_setup",
    ),
    "files by handle, whole file systems": (
        "fanotify_init", "fanotify_mark", "lookup_dcookie", "name_to_handle_at", "open_by_handle_at", "quotactl",
        "quotactl_fd", "swapoff", "swapon", "sync", "syncfs",
    ),
    "modules and start of the machine": (
        "delete_module", "finit_module", "init_module", "kexec_file_load", "kexec_load", "reboot",
    ),
    "clock, name and log of the machine": (
        "acct", "adjtimex", "clock_adjtime", "clock_settime", "setdomainname", "sethostname", "settimeofday", "syslog",
        "vhangup",
    ),
    "ports and segments of the processor": ("ioperm", "iopl", "modify_ldt"),
    "where memory lies": (
        "get_mempolicy", "mbind", "migrate_pages", "move_pages", "remap_file_pages", "set_mempolicy",
        "set_mempolicy_home_node", "vmsplice",
    ),
    "message queues": (
        "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink",
    ),
    "sandboxes of its own": ("landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self"),
}  # fmt: skip

# What libraries do without where it does not exist, quietly. inotify would tell what the machine's own programs do with
# the files that are shown here.
ABSENT = (
    "clone3", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "pidfd_open",
    "pidfd_send_signal",
)  # fmt: skip

# Of fcntl: descriptors, locks, pipes and seals; not leases, nor signals on what others do with a folder or a file.
DESCRIPTOR_COMMANDS = (0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 16, 36, 37, 38, 1025, 1027, 1030, 1031, 1032, 1033, 1034)

# (family, protocols) of sockets that can be made; types are streams and datagrams, of netlink raw ones too.
STREAM, DATAGRAM, RAW, TYPE_MASK = int(socket.SOCK_STREAM), int(socket.SOCK_DGRAM), int(socket.SOCK_RAW), 0xF
NETLINK, NETLINK_ROUTE = 16, 0
FAMILIES: dict[str, tuple[int, tuple[int, ...], tuple[int, ...]]] = {
    "AF_UNIX": (int(socket.AF_UNIX), (STREAM, DATAGRAM, int(socket.SOCK_SEQPACKET)), (0,)),
    "AF_INET": (int(socket.AF_INET), (STREAM, DATAGRAM), (0, socket.IPPROTO_TCP, socket.IPPROTO_UDP)),
    "AF_INET6": (int(socket.AF_INET6), (STREAM, DATAGRAM), (0, socket.IPPROTO_TCP, socket.IPPROTO_UDP)),
    # getifaddrs(3) asks here for the names of interfaces: torch.distributed looks for `lo`.
    "AF_NETLINK": (NETLINK, (RAW, DATAGRAM), (NETLINK_ROUTE,)),
}
NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
PERSONALITIES = (0, 0xFFFFFFFF)  # Linux as it is; the question which one it is
ACT_BADARCH, CTL_OPTIMIZE, BINARY_TREE = 2, 8, 2  # attributes of libseccomp


@cache
def compiled() -> bytes:
    """The filter as a program of the kernel's packet filter language, 8 bytes an instruction.

    Raises:
        SandboxUnavailable: libseccomp is missing.
    """
    try:
        import pyseccomp  # noqa: PLC0415 - it raises where the library is missing
    except (ImportError, RuntimeError) as error:
        raise SandboxUnavailable(
            _("System calls cannot be filtered ({error}); nothing is graded without that.").format(error=error),
            remedy=_("Install libseccomp (`apt-get install libseccomp2`) and run `grader doctor`."),
        ) from None
    made = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.ENOSYS))
    made.set_attr(ACT_BADARCH, pyseccomp.ERRNO(errno.ENOSYS))  # 32-bit programs
    made.set_attr(CTL_OPTIMIZE, BINARY_TREE)
    arch = pyseccomp.system_arch()

    def add(action: int, name: str, *conditions: object) -> None:
        if pyseccomp.resolve_syscall(arch, name) >= 0:
            made.add_rule(action, name, *conditions)

    for name in ALLOWED:
        add(pyseccomp.ALLOW, name)
    for names in REFUSED.values():
        for name in names:
            add(pyseccomp.ERRNO(errno.EPERM), name)
    equal, masked = pyseccomp.EQ, pyseccomp.MASKED_EQ
    add(pyseccomp.ALLOW, "clone", pyseccomp.Arg(0, masked, NEW_NAMESPACES, 0))
    for value in PERSONALITIES:
        add(pyseccomp.ALLOW, "personality", pyseccomp.Arg(0, equal, value))
    for command in DESCRIPTOR_COMMANDS:
        add(pyseccomp.ALLOW, "fcntl", pyseccomp.Arg(1, equal, command))
    # Limits of its own, and the question after another's: to lower the zygote's would end the sandbox from inside.
    add(pyseccomp.ALLOW, "prlimit64", pyseccomp.Arg(0, equal, 0))
    add(pyseccomp.ALLOW, "prlimit64", pyseccomp.Arg(2, equal, 0))
    add(pyseccomp.ALLOW, "socketpair", pyseccomp.Arg(0, equal, int(socket.AF_UNIX)))
    for family, kinds, protocols in FAMILIES.values():
        for kind in kinds:
            for protocol in protocols:
                add(
                    pyseccomp.ALLOW,
                    "socket",
                    pyseccomp.Arg(0, equal, family),
                    pyseccomp.Arg(1, masked, TYPE_MASK, kind),
                    pyseccomp.Arg(2, equal, protocol),
                )
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()
