import { type AnyFault, FAULT_GROUPS } from './fault.ts'

/** In the order in which the groups are named, and by name in each. */
export const byGroup = (faults: readonly AnyFault[]): AnyFault[] =>
  FAULT_GROUPS.flatMap((group) =>
    faults.filter((fault) => fault.group === group).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  )

/** Requirements as words: `workload, network-chaos or upstream-faults`. */
export const requirementWords = ({ requires }: Pick<AnyFault, 'requires'>): string[] =>
  requires.map((one) => (typeof one === 'string' ? one : one.join(' or ')))
