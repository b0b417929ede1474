import { z } from 'zod'
import { type Schema, structural } from '../../chaos/controller/structural.ts'
import type { AnyFault } from '../../lib/core/fault.ts'

/** docs/faults.md: what each fault does, what it can be told, and what it needs. */
export const faultsPage = (faults: readonly AnyFault[]): string =>
  [
    '# Faults',
    '',
    'One file each in `chaos/faults/`. `moves` are the symptoms that alerts may speak of; `needs` is what the controller must be allowed to do.',
    '',
    '| fault | what it does | moves | needs |',
    '| --- | --- | --- | --- |',
    ...faults.map(({ name, summary, moves, needs }) =>
      row([`[${name}](#${name})`, summary, moves.join(', '), codes(needs)]),
    ),
    ...faults.flatMap(section),
    '',
  ].join('\n')

// --- Internal helpers ---

const section = (fault: AnyFault): string[] => {
  const { properties = {}, required = [] } = structural(
    z.toJSONSchema(fault.params, { target: 'openapi-3.0', io: 'input' }),
  )
  return [
    '',
    `## ${fault.name}`,
    '',
    '| param | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...Object.entries(properties).map(([name, schema]) =>
      row([`\`${name}\``, typeOf(schema), defaultOf(schema, required.includes(name)), schema.description ?? '']),
    ),
  ]
}

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const codes = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(' ')

const typeOf = ({ type = 'any', enum: values, minimum, maximum, exclusiveMinimum }: Schema): string => {
  if (values !== undefined) return values.map((value) => `\`${JSON.stringify(value)}\``).join(' or ')
  const low = minimum === undefined ? [] : [exclusiveMinimum === true ? `> ${minimum}` : `≥ ${minimum}`]
  const high = maximum === undefined ? [] : [`≤ ${maximum}`]
  return [type, ...low, ...high].join(' ')
}

const defaultOf = ({ default: value }: Schema, required: boolean): string =>
  required ? 'required' : value === undefined ? '' : `\`${JSON.stringify(value)}\``
