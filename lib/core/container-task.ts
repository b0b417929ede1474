/**
 * What runs in the background of a container until it ends itself: a process whose name (`$0`) is its mark, so that it is found again
 * by whoever heals, in whatever process. On SIGTERM it undoes what it did, and ends.
 */
export interface ContainerTask {
  /** The id of the fault. */
  id: string
  /** Its pod: an embedded cluster's containers share one PID namespace. */
  pod: string
}

/** Starts it unless it runs already; ends with an error where it does not come up. */
export const startTask = (
  task: ContainerTask,
  shell: 'sh' | 'bash',
  script: string,
  args: readonly string[],
): string[] => ['sh', '-c', START, 'sh', tailOf(task), shell, script, ...args]

/** Tells it to undo and end, and waits until it has; nothing to do where it does not run. */
export const stopTask = (task: ContainerTask): string[] => ['sh', '-c', STOP, 'sh', tailOf(task)]

// --- Internal helpers ---

/** The mark without its first letter: the search `[f]…` would otherwise find itself in the list of processes. */
const tailOf = ({ id, pod }: ContainerTask): string => `iredrill/${id}/${pod}/`

// In a session of its own, where there is setsid: an embedded cluster ends a command's group when the connection breaks.
const START = `
mark="f$1"; pattern="[f]$1"; shell="$2"; script="$3"; shift 3
runs() { grep -ls "$pattern" /proc/[0-9]*/cmdline >/dev/null; }
runs && exit 0
command -v "$shell" >/dev/null || { echo "expected $shell in the container, found none" >&2; exit 127; }
setsid=""; command -v setsid >/dev/null && setsid=setsid
$setsid "$shell" -c "$script" "$mark" "$@" </dev/null >/dev/null 2>&1 &
for try in 1 2 3 4 5 6 7 8 9 10; do runs && exit 0; sleep 0.1; done
echo "it ended as soon as it was started" >&2; exit 1
`

const STOP = `
pattern="[f]$1"
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  found="$(grep -ls "$pattern" /proc/[0-9]*/cmdline)"
  [ -n "$found" ] || exit 0
  for file in $found; do pid="\${file#/proc/}"; kill -TERM "\${pid%/cmdline}" 2>/dev/null; done
  sleep 0.2
done
echo "it does not end" >&2; exit 1
`
