import { z } from 'zod'

/** What an alert speaks of. An alert belongs to one by its rule's `symptom` label, or by a map file for rules one cannot touch. */
export const SYMPTOMS = ['cache', 'queue', 'throughput', 'latency', 'availability', 'gpu'] as const

export const Symptom = z.enum(SYMPTOMS)
export type Symptom = z.infer<typeof Symptom>
