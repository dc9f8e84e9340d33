#!/bin/bash
# The lab as a user meets it: up, drills, down, and what is left after each.
#
#   site-host -+- ce1 - xchg - edge1 - gw - vnet-host      one namespace each, names fl-<lab>-<node>
#              +- ce2 -   '--- edge2 ---'
#
# usage: lab_test.sh BUILD SOURCE TAGMUX_JOIN. The daemons are those of BUILD where they have been built,
# and the stand-ins of tests/net/fakes where not: then only the lab's own machinery is tested.
# Needs root; without it everything is skipped.
set -u
build=$1 source=$2 join=$3
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }

one=t-lab-a two=t-lab-b
work=$(mktemp -d) passed=0 failed=0
bin=$work/bin
mkdir "$bin"
cp "$build/fairlead" "$join" "$bin/"
for program in fairleadd fairlead-edge; do
    cp "$build/$program" "$bin/" 2>/dev/null || cp "$source/tests/net/fakes/$program" "$bin/"
done
fairlead=$bin/fairlead design=$source/examples/demo.yaml

clean_up() {
    "$fairlead" lab down --name $one 2>/dev/null
    "$fairlead" lab down --name $two 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

check() { # sentence, command...
    local what=$1
    shift
    if "$@" > "$work/out" 2>&1; then
        passed=$((passed + 1)) && echo "ok      $what"
    else
        failed=$((failed + 1)) && echo "FAILED  $what" && tail -15 "$work/out"
    fi
}

namespaces() { ls /run/netns 2>/dev/null | grep "^fl-$1-" || true; }
marked() { grep -lszx "FAIRLEAD_LAB=$1" /proc/[0-9]*/environ 2>/dev/null || true; }
nothing_left() { # lab
    local left
    left="$(namespaces "$1")$(marked "$1")$(ls -d "/run/fairlead/lab/$1" 2>/dev/null)"
    [ -z "$left" ] || { echo "left: $left"; return 1; }
}
up() { "$fairlead" lab up "$design" --name "$1"; }
up_with_frr() {
    sed 's/kind: bird/kind: frr/' "$design" > "$work/frr.yaml"
    "$fairlead" lab up "$work/frr.yaml" --name "$1" || return 1
    vtysh --vty_socket "/run/fairlead/lab/$1/ce2" -c 'show bgp summary json' | jq -e '.ipv4Unicast.failedPeers == 0 and .ipv4Unicast.peerCount == 2'
}
down() { "$fairlead" lab down --name "$1"; }
echo_works() { "$fairlead" lab exec site-host --name "$1" -- ping -n -c 2 -W 1 10.20.0.10; }
refused() { ! "$@"; }
drill_as_expected() { # name
    "$fairlead" drill run "$1" --lab $one -o json > "$work/drill.json" || { cat "$work/drill.json"; return 1; }
    cat "$work/drill.json"
    jq -e '.expected and .restored and .sent > 500 and (.noticed | length) > 0 and .outage_ms <= 2000' "$work/drill.json"
}
start_drill() { # waits until it has broken something
    "$fairlead" drill run leg-primary --lab $one --hold 20000 -o json > "$work/drill.json" 2>"$work/drill.err" &
    drill=$!
    for _ in $(seq 200); do
        [ -e /run/fairlead/lab/$one/drill.journal ] && return 0
        sleep 0.05
    done
    cat "$work/drill.err"
    return 1
}
restored_after_kill() {
    start_drill || return 1
    kill -9 $drill
    wait $drill 2>/dev/null
    [ -e /run/fairlead/lab/$one/drill.journal ] || { echo "the journal is gone too early"; return 1; }
    "$fairlead" lab show --name $one -o json > /dev/null || return 1
    [ ! -e /run/fairlead/lab/$one/drill.journal ] || { echo "the journal is still there"; return 1; }
    "$fairlead" lab exec ce1 --name $one -- ping -n -c 1 -W 2 192.168.100.130
}
restored_after_signal() {
    start_drill || return 1
    kill -TERM $drill
    wait $drill && { echo "a drill that was cut short must not exit 0"; return 1; }
    cat "$work/drill.json"
    jq -e '.restored and (.expected | not)' "$work/drill.json" && echo_works $one
}
interrupted_up_cleans() {
    "$fairlead" lab up "$design" --name $two 2>"$work/up.err" &
    local up=$!
    for _ in $(seq 100); do
        [ -n "$(marked $two)" ] && break
        sleep 0.02
    done
    kill -INT $up
    wait $up && { echo "it came up"; return 1; }
    cat "$work/up.err"
    nothing_left $two
}
failed_up_leaves_evidence() {
    mkdir -p "$work/broken"
    cp "$bin"/* "$work/broken/"
    printf '#!/bin/sh\necho "no such luck" >&2\nexit 1\n' > "$work/broken/fairleadd"
    "$work/broken/fairlead" lab up "$design" --name $two 2>"$work/up.err" && return 1
    cat "$work/up.err"
    grep -q "stage 'control plane starts': control ended; its log ends: no such luck" "$work/up.err" || return 1
    grep -q "fairlead lab down --name $two" "$work/up.err" || return 1
    [ -n "$(namespaces $two)" ]
}
second_user_is_told() {
    start_drill || return 1
    "$fairlead" lab down --name $one 2>"$work/busy"
    local status=$?
    kill -TERM $drill
    wait $drill
    cat "$work/busy"
    [ $status = 1 ] && grep -q "another command is working on lab $one" "$work/busy"
}
shows_eight_nodes() {
    "$fairlead" lab show --name $one -o json > "$work/show.json"
    jq -e --arg l $one '.name == $l and (.nodes | map(.name)) ==
        ["site-host","ce1","ce2","xchg","edge1","edge2","gw","vnet-host"] and
        all(.nodes[]; .namespace == "fl-" + $l + "-" + .name) and (.api | startswith("https://127.0.0.1:"))' "$work/show.json"
}
wrong_design_is_refused() {
    sed 's/secondary_prefix/secondary_prefx/' "$design" > "$work/wrong.yaml"
    "$fairlead" lab up "$work/wrong.yaml" --name $two 2>"$work/up.err" && return 1
    cat "$work/up.err"
    grep -Eq 'wrong.yaml:[0-9]+:[0-9]+:.*secondary_prefx' "$work/up.err" && nothing_left $two
}

check "a lab comes up and packets cross" up $one
check "site-host reaches vnet-host" echo_works $one
check "show lists the eight nodes" shows_eight_nodes
check "a second up of the same name is refused" refused up $one
check "the loss of the primary leg is bounded and restored" drill_as_expected leg-primary
check "the loss of the secondary leg is bounded and restored" drill_as_expected leg-secondary
check "the death of a router process is bounded and restored" drill_as_expected router-primary
check "a drill killed with -9 is restored by the next command" restored_after_kill
check "a drill that is told to end restores first" restored_after_signal
check "two commands do not work on one lab at once" second_user_is_told
check "a second lab comes up beside the first, with FRR as its second router" up_with_frr $two
check "the first still works" echo_works $one
check "the second works" echo_works $two
check "the second goes down" down $two
check "and leaves nothing" nothing_left $two
check "the first does not notice" echo_works $one
check "Ctrl-C while it comes up removes what was built" interrupted_up_cleans
check "a failed up leaves its evidence and says where" failed_up_leaves_evidence
check "down after a failed up works" down $two
check "and leaves nothing either" nothing_left $two
check "a wrong key in the design is refused with its place" wrong_design_is_refused
check "the first goes down" down $one
check "and leaves nothing as well" nothing_left $one
check "down of what is not there is fine" down $one
check "the same lab comes up again" up $one
check "and goes down again" down $one
check "with nothing left" nothing_left $one

echo "$passed passed, $failed failed"
[ $failed = 0 ]
