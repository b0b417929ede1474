import { z } from 'zod'
import { type Schema, structural } from '../../chaos/controller/structural.ts'
import { byGroup, requirementWords } from '../../lib/core/by-group.ts'
import { type AnyFault, FAULT_GROUPS, type FaultGroup } from '../../lib/core/fault.ts'

/** docs/faults.md: what each fault does, what it needs of its target, what moves, how it ends, what it can be told. */
export const faultsPage = (faults: readonly AnyFault[]): string =>
  [
    '# Faults',
    '',
    'One file each in `chaos/faults/`. A fault is planned only where its target has the capabilities that it requires (`chaos/capabilities/`, asked for and',
    'never guessed: `firedrill list faults --target`) and its rights are given (`firedrill rbac`). What ends *by itself* is over within its duration and five',
    'seconds, also when nobody is left to heal; what needs a *controller* is listed by `firedrill heal --dry-run`.',
    ...FAULT_GROUPS.flatMap((group) => groupTable(group, byGroup(faults))),
    ...byGroup(faults).flatMap(section),
    '',
  ].join('\n')

// --- Internal helpers ---

const groupTable = (group: FaultGroup, faults: readonly AnyFault[]): string[] => {
  const own = faults.filter((fault) => fault.group === group)
  if (own.length === 0) return []
  return [
    '',
    `## ${TITLES[group]}`,
    '',
    '| fault | what it does | hits | ends by | requires |',
    '| --- | --- | --- | --- | --- |',
    ...own.map((fault) =>
      row([
        `[${fault.name}](#${fault.name})`,
        fault.summary,
        fault.blast,
        fault.ends.by,
        requirementWords(fault).join(', '),
      ]),
    ),
  ]
}

const TITLES: Readonly<Record<FaultGroup, string>> = {
  serving: 'Serving pods',
  cache: 'Cache and memory',
  traffic: 'Traffic',
  flags: 'Application flags',
  network: 'Network',
  observability: 'Observability',
  node: 'Nodes',
  control: 'Controls',
}

const lists = ({ signals, moves, needs, ends, asks = [] }: AnyFault): string[] => [
  `- Ends by ${ends.by === 'itself' ? 'itself' : 'the controller'}: ${ends.how}.`,
  ...some(
    'Moves',
    signals.moves.map(({ signal, to }) => `${signal} ${to === 'up' ? '↑' : '↓'}`),
  ),
  ...some('Leaves alone', signals.still),
  ...some('Symptoms', moves),
  ...some('Asks as well', asks),
  ...some(
    'Needs',
    needs.map((need) => `\`${need}\``),
  ),
]

const some = (title: string, words: readonly string[]): string[] =>
  words.length === 0 ? [] : [`- ${title}: ${words.join(', ')}.`]

const section = (fault: AnyFault): string[] => {
  const { properties = {}, required = [] } = structural(
    z.toJSONSchema(fault.params, { target: 'openapi-3.0', io: 'input' }),
  )
  return ['', `### ${fault.name}`, '', `${fault.summary}.`, '', ...lists(fault), ...table(properties, required)]
}

const table = (properties: Record<string, Schema>, required: readonly string[]): string[] => {
  if (Object.keys(properties).length === 0) return []
  return [
    '',
    '| param | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...Object.entries(properties).map(([name, schema]) =>
      row([`\`${name}\``, typeOf(schema), defaultOf(schema, required.includes(name)), schema.description ?? '']),
    ),
  ]
}

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const typeOf = ({ type = 'any', enum: values, minimum, maximum, exclusiveMinimum }: Schema): string => {
  if (values !== undefined) return values.map((value) => `\`${JSON.stringify(value)}\``).join(' or ')
  const low = minimum === undefined ? [] : [exclusiveMinimum === true ? `> ${minimum}` : `≥ ${minimum}`]
  const high = maximum === undefined ? [] : [`≤ ${maximum}`]
  return [type, ...low, ...high].join(' ')
}

const defaultOf = ({ default: value }: Schema, required: boolean): string =>
  required ? 'required' : value === undefined ? '' : `\`${JSON.stringify(value)}\``
