import { once } from 'node:events'
import { type AddressInfo } from 'node:net'
import { connect, createServer, type PeerCertificate, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { type ClusterCertificates, makeCertificates } from './certificates.ts'

const make = (): Promise<ClusterCertificates> =>
  makeCertificates({
    apiServer: [
      { type: 'ip', value: '127.0.0.1' },
      { type: 'dns', value: 'kubernetes.default.svc' },
    ],
    kubelets: [{ type: 'ip', value: '127.0.0.2' }],
    kubeletClientName: 'api-server',
    now: Date.now(),
  })

test('a client and a server of one cluster trust each other, by name', async () => {
  const certificates = await make()
  const { ca, apiServer, admin } = certificates
  const subject = await handshake({ ...apiServer, ca }, { ...admin, ca, host: '127.0.0.1' })
  expect(subject).toMatchObject({ O: 'system:masters', CN: 'firedrill-admin' })
})

test('a server at an address that its certificate does not name is refused', async () => {
  const { ca, kubeletServer, admin } = await make()
  await expect(handshake({ ...kubeletServer, ca }, { ...admin, ca, host: '127.0.0.1' })).rejects.toThrow(/altnames/)
})

test('a client of another cluster is refused', async () => {
  const [ours, theirs] = await Promise.all([make(), make()])
  const client = { ...theirs.admin, ca: ours.ca, host: '127.0.0.1' }
  await expect(handshake({ ...ours.apiServer, ca: ours.ca }, client)).rejects.toThrow()
})

test('a server certificate does not pass for a client', async () => {
  const { ca, apiServer } = await make()
  await expect(handshake({ ...apiServer, ca }, { ...apiServer, ca, host: '127.0.0.1' })).rejects.toThrow()
})

// --- Internal helpers ---

interface Side {
  ca: string
  cert: string
  key: string
}

/** @returns the subject that the server sees of its client */
const handshake = async (server: Side, client: Side & { host: string }): Promise<PeerCertificate['subject']> => {
  const listener = createServer({ ...server, requestCert: true, rejectUnauthorized: true })
  listener.listen(0, '0.0.0.0')
  await once(listener, 'listening')
  // Of a TCP server the address is always this, never a path.
  const { port } = listener.address() as AddressInfo
  const accepted = new Promise<TLSSocket>((resolve, reject) => {
    listener.once('secureConnection', resolve)
    listener.once('tlsClientError', reject)
  })
  const socket = connect({ ...client, port })
  try {
    const [peer] = await Promise.all([accepted, once(socket, 'secureConnect')])
    return peer.getPeerCertificate().subject
  } finally {
    socket.destroy()
    listener.close()
  }
}
