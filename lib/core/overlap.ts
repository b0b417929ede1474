import { formatDuration } from './duration.ts'

/** A step as far as it says when it is in force. */
interface Timed {
  when: { kind: string; time?: number | undefined }
  lasting: number
  overlaps: readonly string[]
}

type Timeline = Readonly<Record<string, Timed>>

/** Whether two faults may be in force at the same time: it is enough that one of their steps says so. */
export const mayOverlap = (
  timeline: Readonly<Record<string, Pick<Timed, 'overlaps'>>>,
  a: string,
  b: string,
): boolean => timeline[a]?.overlaps.includes(b) === true || timeline[b]?.overlaps.includes(a) === true

export interface OverlapProblem {
  path: string[]
  message: string
}

/**
 * What can be found wrong before anything runs: names that are no other step's, and steps at given times that would be in force
 * together where nobody says that they may. Of `after` and `when` nobody knows the times: those steps wait.
 */
export const overlapProblems = (timeline: Timeline): OverlapProblem[] => {
  const names = Object.keys(timeline)
  return Object.entries(timeline).flatMap(([name, step], index) => [
    ...step.overlaps.flatMap((other, place) =>
      other !== name && names.includes(other)
        ? []
        : [
            {
              path: [name, 'overlaps', String(place)],
              message: `expected another of the timeline's steps (${names.filter((one) => one !== name).join(', ')}), found "${other}"`,
            },
          ],
    ),
    ...names.slice(0, index).flatMap((other) => togetherProblem(timeline, name, other)),
  ])
}

// --- Internal helpers ---

const togetherProblem = (timeline: Timeline, name: string, other: string): OverlapProblem[] => {
  const [own, theirs] = [spanOf(timeline[name]), spanOf(timeline[other])]
  if (own === null || theirs === null || mayOverlap(timeline, name, other)) return []
  if (own.from >= theirs.to || theirs.from >= own.to) return []
  const said = ({ from, to }: Span): string => `${formatDuration(from)}…${formatDuration(to)}`
  const message = `expected steps one after the other, found "${name}" (${said(own)}) while "${other}" (${said(theirs)}) is in force; where that is meant, give it overlaps: ["${other}"]`
  return [{ path: [name], message }]
}

interface Span {
  from: number
  to: number
}

const spanOf = (step: Timed | undefined): Span | null =>
  step?.when.kind === 'at' && step.when.time !== undefined
    ? { from: step.when.time, to: step.when.time + step.lasting }
    : null
