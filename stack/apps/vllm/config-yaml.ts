import { parse } from 'yaml'

/** As PyYAML reads it: `yes` is true. */
export const parseYaml = (text: string): unknown => parse(text, { version: '1.1' })
