# What the fault scripts share. Read by them, not run.
#
# The members stand in a file, one a line: ID HOST:PORT COMMAND. HOST is a numeric IPv4 address, PORT the client
# port. COMMAND runs what follows it as root on that host. IDs of clients are words; they are optional.
#   1 10.0.0.1:8081 ssh root@10.0.0.1
#   2 198.18.0.2:8081 ip netns exec my-namespace
#   client 10.0.0.9:0 ssh root@10.0.0.9
#
# How packets are dropped: a routing rule on the host where they arrive, `ip rule add from SENDER blackhole`. It
# needs iproute2 and root, no packet filter and no kernel module; it is silent (no reset, no ICMP), holds for
# open connections too, and is one-way by nature. Since the rule that finds local addresses comes first in a
# Linux host, it is moved behind ours while there are any; `heal` puts it back.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
nodes_file=${DLEDGER_NODES:-nodes}
cli=${DLEDGER_CLI:-$here/../../bin/dledger-cli.cjs}
DROP=77  # The preference of our rules,
LOCAL=78 # and where the rule for local addresses waits meanwhile.

usage() {
  [ "${1:-0}" -eq 0 ] || exec >&2
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
  exit "${1:-0}"
}

die() {
  echo "$(basename "$0"): $*" >&2
  exit 64
}

case "${1:-}" in -h | --help | help) usage ;; esac
[ -r "$nodes_file" ] || die "the file '$nodes_file' cannot be read: name the members in it, or set DLEDGER_NODES"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

lines() { grep -v -e '^[[:space:]]*#' -e '^[[:space:]]*$' "$nodes_file"; }
all_ids() { lines | awk '{ print $1 }'; }
member_ids() { lines | awk '$1 ~ /^[0-9]+$/ { print $1 }'; }
client_ids() { lines | awk '$1 !~ /^[0-9]+$/ { print $1 }'; }
endpoint_of() { lines | awk -v id="$1" '$1 == id { print $2 }'; }
address_of() { endpoint_of "$1" | sed 's/:[0-9]*$//'; }
command_of() { lines | awk -v id="$1" '$1 == id { $1 = ""; $2 = ""; sub(/^ +/, ""); print }'; }

# on ID: runs the script on standard input as root on the host of ID.
on() { eval "$(command_of "$1") sh -s"; }

# `dledger-cli status --json`, asked from a client's host if there is one.
status_json() {
  endpoints=$(for id in $(member_ids); do endpoint_of "$id"; done | paste -sd, -)
  from=$(client_ids | head -n 1)
  if [ -n "$from" ]; then
    echo "node '$cli' status --json --endpoints '$endpoints' || true" | on "$from"
  else
    node "$cli" status --json --endpoints "$endpoints" || true
  fi
}

leader_id() {
  status_json | node -e '
    const text = require("fs").readFileSync(0, "utf8")
    const groups = JSON.parse(text).groups
    const led = groups.find((group) => group.leaderId > 0)
    if (led) console.log(led.leaderId)'
}

# ids_of WORD...: the ids that words mean: `leader`, `followers`, `members`, `clients`, or ids themselves.
ids_of() {
  for word in "$@"; do
    case $word in
      leader | followers)
        leader=$(leader_id)
        [ -n "$leader" ] || die 'nobody leads at the moment'
        if [ "$word" = leader ]; then echo "$leader"; else member_ids | grep -vx "$leader"; fi
        ;;
      members) member_ids ;;
      clients) client_ids ;;
      *)
        all_ids | grep -qx -e "$word" || die "there is no '$word' in $nodes_file"
        echo "$word"
        ;;
    esac
  done
}

# drop FROM TO: what FROM sends no longer arrives at TO. Takes effect with `apply`.
drop() {
  rule="ip rule add pref $DROP from $(address_of "$1") blackhole"
  [ "$1" = "$2" ] || grep -qx "$rule" "$work/$2" 2>/dev/null || echo "$rule" >>"$work/$2"
}

# sever ONE OTHER: the same both ways.
sever() {
  drop "$1" "$2"
  drop "$2" "$1"
}

# shape FROM TO DELAY_MS JITTER_MS LOSS_PERCENT: makes the way from FROM to TO slow or flaky, with `apply`.
# With netem it is the whole interface towards TO: everything that FROM sends there suffers alike. Where the kernel
# has no netem, and the hosts have the tunnel vx0 to a switch of our own (cluster/user-switch.ts), only this way.
shape() {
  from=$(address_of "$1")
  to=$(address_of "$2")
  [ "$1" != "$2" ] || return 0
  cat >>"$work/$1" <<END
if ip link show vx0 >/dev/null 2>&1; then ip route replace $to/32 dev vx0 src $from
else
  dev=\$(ip -o route get $to | sed 's/.* dev \([^ ]*\) .*/\1/')
  tc qdisc replace dev "\$dev" root netem delay ${3}ms ${4}ms loss $5%
fi
END
  echo "$from $to $3 $4 $5" >>"$nodes_file.shapes"
}

# Runs on each host what `drop` gathered for it, on all hosts at the same time.
apply() {
  for file in "$work"/*; do
    [ -e "$file" ] || continue
    {
      echo 'set -e'
      if grep -q "^ip rule" "$file"; then
        echo "if [ -z \"\$(ip rule show pref $LOCAL)\" ]; then"
        echo "  ip rule add pref $LOCAL lookup local; ip rule del pref 0; fi"
      fi
      cat "$file"
    } | on "$(basename "$file")" &
    pids="${pids:-} $!"
  done
  for pid in ${pids:-}; do wait "$pid" || die 'a host did not take its rules: run heal'; done
}
