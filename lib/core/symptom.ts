import { z } from 'zod'

/** What an alert speaks of. An alert belongs to one by its rule's `symptom` label, or by a map file for rules one cannot touch. */
export const SYMPTOMS = ['cache', 'queue', 'throughput', 'latency', 'availability', 'gpu'] as const

export const Symptom = z.enum(SYMPTOMS)
export type Symptom = z.infer<typeof Symptom>

export const isSymptom = (name: string): name is Symptom => SYMPTOMS.some((symptom) => symptom === name)

/** Whether a name in an expectation, a symptom or an alert, means this alert. */
export const isMeant = (name: string, { alert, symptom }: { alert: string; symptom: Symptom | null }): boolean =>
  isSymptom(name) ? name === symptom : name === alert
