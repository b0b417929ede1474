import { z } from 'zod'

const Port = z.coerce.number().int().min(0).max(65_535)

/** The gateway's settings, as its container is given them. */
export const GatewayEnv = z
  .object({
    HOST: z.string().default('0.0.0.0'),
    PORT: Port.default(8080),
    POD_NAMESPACE: z.string(),
    /** Label selector of the serving pods. */
    SERVING_SELECTOR: z.string().default('app=vllm'),
    SERVING_PORT: Port.default(8000),
    FLAGS_FILE: z.string().default('/etc/flags/flags.json'),
    UPSTREAM_RULES_FILE: z.string().default('/etc/upstream-faults/rules.json'),
  })
  .transform((env) => ({
    host: env.HOST,
    port: env.PORT,
    namespace: env.POD_NAMESPACE,
    selector: env.SERVING_SELECTOR,
    servingPort: env.SERVING_PORT,
    flagsFile: env.FLAGS_FILE,
    upstreamRulesFile: env.UPSTREAM_RULES_FILE,
  }))

export type GatewayConfig = z.output<typeof GatewayEnv>
