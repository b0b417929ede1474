import { z } from 'zod'

/** Where an HTTP service is reached: directly, or through the API server (`svc/NAMESPACE/NAME:PORT`). */
export interface Endpoint {
  url: string
  headers: Record<string, string>
}

/** The system under test, named as every Kubernetes tool names it. The run knows a target; whose cluster it is, it does not. */
export const TargetOptions = z.strictObject({
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  namespace: z.string(),
  /** Label selector of the serving pods. */
  selector: z.string(),
  /** Base URL under load, without /v1. */
  url: z.string(),
  /** A URL, or svc/NAMESPACE/NAME:PORT. */
  prometheus: z.string(),
  alertmanager: z.string().optional(),
  /** Where the webhook receiver of the stack keeps what Alertmanager told it. */
  notifications: z.string().optional(),
  /** `Name: value`, for Prometheus, Alertmanager and the receiver. */
  headers: z.array(z.string()).default([]),
  /** The same for the endpoint under load. */
  urlHeaders: z.array(z.string()).default([]),
})
export type TargetOptions = z.infer<typeof TargetOptions>
