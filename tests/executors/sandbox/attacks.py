"""Ways out of a box, each a cell that prints what it got; nothing where it got nothing."""

from __future__ import annotations

_CALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    return libc.syscall(number, *arguments)
def tried(name, result):
    if result >= 0: print(name, result)
"""
_NUMBERS = {
    "x86_64": {"unshare": 272, "setns": 308, "mount": 165, "chroot": 161, "ptrace": 101,
               "keyctl": 250, "add_key": 248, "bpf": 321, "perf_event_open": 298,
               "userfaultfd": 323, "io_uring_setup": 425, "open_tree": 428, "fsopen": 430,
               "clone": 56, "clone3": 435, "reboot": 169, "settimeofday": 164,
               "sethostname": 170, "process_vm_readv": 310, "init_module": 175,
               "open_by_handle_at": 304, "personality": 135, "quotactl": 179, "swapon": 167,
               "statmount": 457},
    "aarch64": {"unshare": 97, "setns": 268, "mount": 40, "chroot": 51, "ptrace": 117,
                "keyctl": 219, "add_key": 217, "bpf": 280, "perf_event_open": 241,
                "userfaultfd": 282, "io_uring_setup": 425, "open_tree": 428, "fsopen": 430,
                "clone": 220, "clone3": 435, "reboot": 142, "settimeofday": 170,
                "sethostname": 161, "process_vm_readv": 270, "init_module": 105,
                "open_by_handle_at": 265, "personality": 92, "quotactl": 60, "swapon": 224,
                "statmount": 457},
}  # fmt: skip
_NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)

ATTACKS = {
    "system calls that make another root, namespace or machine": f"""
numbers = {_NUMBERS!r}[os.uname().machine]
for name in numbers:
    if name not in ("clone", "unshare", "settimeofday"):
        tried(name, call(numbers[name], 0, 0, 0, 0, 0))
for flag in {_NAMESPACES}:
    tried("unshare " + hex(flag), call(numbers["unshare"], flag))
    made = call(numbers["clone"], flag | 17, 0, 0, 0, 0)
    if made == 0: os._exit(0)
    tried("clone " + hex(flag), made)
""",
    "files of the host": """
for folder in ("/home", "/var", "/run", "/boot", "/sys", "/mnt", "/srv", "/etc/shadow",
               "/etc/ssh", "/etc/cron.d", "/proc/kcore", COURSE, HOMES, SCRATCH):
    try: print(folder, os.listdir(folder) if os.path.isdir(folder) else open(folder, "rb").read(9))
    except OSError: pass
""",
    "links and climbing out": """
for path in ("/proc/1/root/etc/shadow", "/proc/self/root/../etc/shadow", "/../../etc/shadow",
             "/proc/1/cwd", "/proc/1/fd", "/proc/1/environ", "/proc/1/mem", "/proc/1/map_files"):
    try: print(path, os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(9))
    except OSError: pass
""",
    "other processes": """
mine = {os.getpid(), os.getppid(), 1}
for pid in filter(str.isdigit, os.listdir("/proc")):
    command = open("/proc/" + pid + "/cmdline").read()
    if "rudaux.runtime" not in command: print(pid, command)
""",
    "the first process of the box": """
import signal
for sign in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGSEGV):
    try: os.kill(1, sign)
    except OSError: pass
time = __import__("time"); time.sleep(0.3)
state = open("/proc/1/stat").read().rpartition(")")[2].split()[0]
if state in "TZ": print("it is", state)
""",
    "settings of the system": """
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/kernel/hostname",
             "/proc/sys/vm/overcommit_memory", "/proc/sys/user/max_user_namespaces",
             "/proc/sys/kernel/modprobe", "/proc/self/uid_map", "/proc/self/setgroups",
             "/proc/1/oom_score_adj", "/sys/fs/cgroup/cgroup.procs",
             "/sys/fs/cgroup/release_agent"):
    try:
        with open(path, "r+") as file: file.write("1")
        print("wrote", path)
    except OSError: pass
""",
    "writing beside its own files": """
for folder, _, _ in os.walk("/"):
    if folder.startswith(("/proc", "/tmp", "/dev/shm", "/dev/pts")): continue
    try:
        open(folder + "/mine", "w").close()
        print("wrote into", folder)
    except OSError: pass
""",
    "inherited descriptors": """
import stat
for fd in range(3, 1024):
    try: kind = os.readlink("/proc/self/fd/%d" % fd)
    except OSError: continue
    if kind.startswith(("/tmp", "anon_inode", "/dev/null")) or "submission-" in kind: continue
    # The kernel's own: ZeroMQ's sockets, and the pipes of its standard streams.
    if kind.startswith(("socket:", "pipe:")): continue
    print(fd, kind)
""",
    "sockets of the machine": """
import socket
try: names = open("/proc/net/unix").read().split("\\n")[1:]
except OSError: names = []
for line in names:
    name = line.split()[-1] if line.split() else ""
    if name.startswith("@"): print(name)
for port in PORTS:
    try: print(socket.create_connection(("127.0.0.1", port), timeout=1))
    except OSError: pass
for family in (40, 38, 17):
    try: print(socket.socket(family, socket.SOCK_DGRAM if family != 40 else socket.SOCK_STREAM))
    except (OSError, ValueError): pass
""",
    "an abstract socket of the machine": """
import socket
with socket.socket(socket.AF_UNIX) as caller:
    try:
        caller.connect(chr(0) + ABSTRACT)
        print("connected")
    except OSError: pass
""",
    "typing into a terminal": """
import fcntl, termios
for path in ("/dev/tty", "/dev/console", "/dev/pts/0", "/dev/tty0"):
    try: print(path, os.open(path, os.O_RDWR))
    except OSError: pass
master, slave = os.openpty()
try: print("typed", fcntl.ioctl(slave, 0x5412, b"x"))
except OSError: pass
""",
    "devices": """
import stat
for name in ("mem", "kmsg", "sda", "vda", "fuse", "kvm", "net/tun", "loop0"):
    try: print(name, os.open("/dev/" + name, os.O_RDONLY))
    except OSError: pass
try: os.mknod("/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(254, 0)); print("made a device")
except OSError: pass
""",
    "rights": """
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    if int(status[name], 16): print(name, status[name])
if status["NoNewPrivs"].strip() != "1" or status["Seccomp"].strip() != "2": print(status)
for identity in (0, 65534, 1001):
    try: os.setuid(identity); print("became", identity)
    except OSError: pass
import subprocess
for program in ("/usr/bin/su", "/usr/bin/sudo", "/usr/bin/newuidmap", "/usr/bin/mount"):
    try: who = subprocess.run([program, "--version"], capture_output=True, timeout=5)
    except OSError: continue
for folder in ("/usr/bin", "/usr/sbin"):
    if not os.statvfs(folder).f_flag & os.ST_NOSUID: print("set-user-id counts in", folder)
""",
    "debugging another process": """
child = os.posix_spawn("/bin/sh", ["sh", "-c", "sleep 5"], {})
tried("ptrace", libc.ptrace(16, child, 0, 0))
try: open("/proc/1/mem", "rb"); print("opened the supervisor's memory")
except OSError: pass
os.kill(child, 9); _ = os.waitpid(child, 0)
""",
    "every file that there may be": """
made = 0
try:
    while made < 500_000:
        open("/tmp/file-%d" % made, "w").close(); made += 1
except OSError: pass
if made > 110_000: print("made", made)
_ = os.system("find /tmp -maxdepth 1 -name 'file-*' -delete")
""",
    "shared memory and queues of the machine": """
for path in ("/proc/sysvipc/shm", "/proc/sysvipc/msg", "/proc/sysvipc/sem"):
    rows = open(path).read().strip().split("\\n")[1:]
    if rows: print(rows)
if os.listdir("/dev/shm"): print(os.listdir("/dev/shm"))
""",
}


def cells(**values: object) -> list[str]:
    """Return a cell for each attack, after one that holds what they need to know."""
    known = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    return [f"{_CALL}\n{known}", *ATTACKS.values()]
