# common: what the start scripts of this folder share; sourced by them.
# Each is called as `script DIR [PORT] [option ...]`: it starts a server on loopback that keeps its
# data in DIR, writes DIR/pid, DIR/port and DIR/log, and returns when the server answers. Without a
# PORT, or with 0, it chooses a free one. `script --fetch` only fetches what is needed, into the cache folder.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tideway

# free_port [N]: prints the first of N consecutive loopback ports that are free (default 1).
free_port() {
	python3 - "${1:-1}" <<'PYTHON'
import socket, sys

def is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

while True:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    if port < 65000 and all(is_free(port + i) for i in range(int(sys.argv[1]))):
        print(port)
        break
PYTHON
}

# parse_args N DIR [PORT] [option ...]: sets dir, port (N ports free from there) and options.
parse_args() {
	local ports=$1
	[ $# -ge 2 ] || { echo "usage: $(basename "$0") DIR [PORT] [option ...]" >&2; exit 2; }
	mkdir -p "$2"
	dir=$(cd "$2" && pwd)
	port=${3:-0}
	shift $(($# < 3 ? $# : 3))
	options=("$@")
	[ "$port" != 0 ] || port=$(free_port "$ports")
}

# once MARK COMMAND...: runs the command unless MARK exists. Two simultaneous callers run it once.
once() {
	local mark=$1
	shift
	[ ! -e "$mark" ] || return 0
	mkdir -p "$cache"
	exec 9> "$cache/.lock-$(echo "$mark" | cksum | cut -d' ' -f1)"
	flock 9
	if [ ! -e "$mark" ]; then
		"$@" || { echo "$(basename "$0"): cannot make $(dirname "$mark")" >&2; exit 1; }
		touch "$mark"
	fi
	exec 9>&-
}

# started PID COMMAND...: writes pid and port; waits up to 60 s until the command succeeds.
started() {
	local pid=$1
	shift
	echo "$pid" > "$dir/pid"
	echo "$port" > "$dir/port"
	for _ in $(seq 600); do
		! "$@" > /dev/null 2>&1 || return 0
		kill -0 "$pid" 2> /dev/null || break
		sleep 0.1
	done
	echo "$(basename "$0"): the server on port $port does not answer; the end of $dir/log:" >&2
	tail -20 "$dir/log" >&2
	kill -9 "$pid" 2> /dev/null || true
	exit 1
}
