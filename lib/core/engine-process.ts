/** As vLLM titles the process of its engine, from 0.10 on; with data parallelism more follows (`VLLM::EngineCore_DP0`). */
export const ENGINE_TITLE = 'VLLM::EngineCore'

/** A script's exit code where there is no such process. */
export const NO_ENGINE = 3

/**
 * For POSIX shells: `engines` prints the ids of the engine processes, `state` and `started` what /proc tells of one. Only descendants of the
 * container's main process count: an embedded cluster's containers share one PID namespace, and name theirs in FIREDRILL_PID1.
 */
export const ENGINE_FUNCTIONS = `
root="\${FIREDRILL_PID1:-1}"
engines() {
  for file in $(grep -ls '^${ENGINE_TITLE}' /proc/[0-9]*/cmdline); do
    pid="\${file#/proc/}"; pid="\${pid%/cmdline}"; up="$pid"
    while [ "$up" != "$root" ] && [ "\${up:-0}" -gt 1 ]; do
      up="$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$up/status" 2>/dev/null)"
    done
    [ "$up" = "$root" ] && echo "$pid"
  done
}
field() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f"$2"; }
state() { field "$1" 1; }
started() { field "$1" 20; }
`

/** Before a script that needs one: ends it with NO_ENGINE, otherwise leaves the ids in $found. */
export const REQUIRE_ENGINE = `
found="$(engines)"
[ -n "$found" ] || { echo "expected a process ${ENGINE_TITLE} below process $root, found none" >&2; exit ${NO_ENGINE}; }
`
