import { stringify } from 'yaml'
import type { KeyPair } from './certificates.ts'

export interface KubeconfigOptions {
  /** Of cluster and context. */
  name: string
  server: string
  /** PEM. */
  ca: string
  client: KeyPair
}

/** The text of a kubeconfig that carries everything in itself, so that one file can be copied and used anywhere on the machine. */
export const makeKubeconfig = ({ name, server, ca, client }: KubeconfigOptions): string =>
  stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(ca) } }],
      contexts: [{ name, context: { cluster: name, user: `${name}-admin` } }],
      users: [
        {
          name: `${name}-admin`,
          user: { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) },
        },
      ],
    },
    { lineWidth: 0 },
  )

// --- Internal helpers ---

const base64 = (text: string): string => Buffer.from(text).toString('base64')
