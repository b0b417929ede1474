import type { Exporter } from '../exporter.ts'
import card from './card.ts'
import cases from './cases.ts'
import events from './events.ts'
import groundTruth from './ground-truth.ts'
import logs from './logs.ts'
import metricsCsv from './metrics-csv.ts'

export const exporters: readonly Exporter[] = [card, cases, events, groundTruth, logs, metricsCsv]
