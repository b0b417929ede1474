import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { errorMessage, UserError } from '../../lib/core/errors.ts'
import { toRuleFile } from '../../lib/prometheus/rule-file.ts'

/** Prometheus rule files by name, ready for a ConfigMap: { 'cache.yaml': 'groups: …' }. */
export type RuleFiles = Record<string, string>

/** The rules that ship, with every time in them divided by `factor` (1 in production). */
export const shippedRules = async (factor: number, folder: string = import.meta.dirname): Promise<RuleFiles> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort()
  const files = await Promise.all(
    names.map(async (name) => [name, toRuleFile(await readFile(join(folder, name), 'utf8'), factor)] as const),
  )
  return Object.fromEntries(files)
}

export interface UserRulesOptions {
  /** Path of promtool. */
  promtool: string
  /** Times are left as they are written unless this says otherwise. */
  factor?: number
}

/**
 * Somebody's own rules: Prometheus rule files or PrometheusRule manifests. Throws UserError `rules-unreadable`, or
 * `rules-refused` with promtool's words.
 */
export const userRules = async (
  paths: readonly string[],
  { promtool, factor = 1 }: UserRulesOptions,
): Promise<RuleFiles> => {
  const files: RuleFiles = {}
  for (const path of paths) {
    const ruleFile = await readRules(path, factor)
    await checkRules(ruleFile, path, promtool)
    files[freeName(basename(path), files)] = ruleFile
  }
  return files
}

/** `promtool check rules`; throws UserError `rules-refused` with what it says. */
export const checkRules = async (ruleFile: string, path: string, promtool: string): Promise<void> => {
  const { failed, stdout, stderr, cause } = await execa(promtool, ['check', 'rules'], {
    input: ruleFile,
    reject: false,
  })
  if (!failed) return
  const words = `${stderr}\n${stdout}`.trim() || errorMessage(cause)
  throw new UserError({
    code: 'rules-refused',
    message: `expected rules that Prometheus takes in ${path}, found:\n${words}`,
    hint: 'mend the file; `promtool check rules FILE` says the same of a plain rule file',
    cause,
  })
}

// --- Internal helpers ---

const readRules = async (path: string, factor: number): Promise<string> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UserError({
      code: 'rules-unreadable',
      message: `expected a rule file at ${path}, found: ${errorMessage(error)}`,
      hint: 'name a Prometheus rule file or a PrometheusRule manifest with --rules FILE',
      cause: error,
    })
  })
  try {
    return toRuleFile(text, factor)
  } catch (error) {
    throw new UserError({
      code: 'rules-refused',
      message: `expected alert rules in ${path}, found: ${errorMessage(error)}`,
      hint: 'name a Prometheus rule file (groups:) or a PrometheusRule manifest',
      cause: error,
    })
  }
}

/** A key of a ConfigMap that ends as Prometheus' `rule_files` pattern asks. */
const freeName = (name: string, taken: RuleFiles): string => {
  const stem = name.replace(/\.ya?ml$/, '').replaceAll(/[^-._a-zA-Z0-9]/g, '-')
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? `${stem}.yaml` : `${stem}-${count}.yaml`
    if (!(candidate in taken)) return candidate
  }
}
