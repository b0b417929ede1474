import { errorMessage, UserError } from '../core/errors.ts'
import type { Scenario } from '../core/scenario.ts'
import { parseInCluster } from '../kube/endpoint.ts'
import type { PrometheusClient } from '../prometheus/client.ts'

/**
 * Throws where a step's condition could not be asked for during the run: k6 asks, on the timeline's own clock, so Prometheus must
 * be open to it; and Prometheus must understand the question.
 */
export const requireAnswerable = async (
  { timeline }: Scenario,
  prometheus: Pick<PrometheusClient, 'query'>,
  address: string,
): Promise<void> => {
  const conditions = Object.entries(timeline).flatMap(([name, { when }]) =>
    when.kind === 'when' ? [{ name, promql: when.promql }] : [],
  )
  if (conditions.length === 0) return
  if (parseInCluster(address) !== null) {
    throw new UserError({
      code: 'condition-unanswerable',
      message: `expected a Prometheus that k6 can ask for the conditions of ${conditions.map(({ name }) => name).join(', ')}, found ${address}, which only the API server reaches`,
      hint: 'name a URL with --prometheus, for example that of `kubectl port-forward`',
    })
  }
  const wrong = await Promise.all(
    conditions.map(async ({ name, promql }) => {
      const problem = await prometheus.query(promql).then(
        () => null,
        (error: unknown) => errorMessage(error),
      )
      return problem === null ? [] : [`✖ ${problem}\n  → at timeline.${name}.when.promql`]
    }),
  )
  if (wrong.flat().length === 0) return
  throw new UserError({
    code: 'condition-unanswerable',
    message: `expected conditions that Prometheus can evaluate, found:\n${wrong.flat().join('\n')}`,
    hint: 'try the expression in Prometheus; a step waits until it returns anything',
  })
}
