/** The part of an OpenAPI v3 schema that a structural schema of Kubernetes may have. */
export interface Schema {
  type?: string
  description?: string
  format?: string
  enum?: unknown[]
  default?: unknown
  minimum?: number
  maximum?: number
  exclusiveMinimum?: boolean
  minLength?: number
  properties?: Record<string, Schema>
  items?: Schema
  required?: string[]
  additionalProperties?: Schema
  'x-kubernetes-preserve-unknown-fields'?: true
  'x-kubernetes-validations'?: { rule: string; message: string; messageExpression?: string }[]
}

const KEPT = [
  'type',
  'description',
  'format',
  'enum',
  'default',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'minLength',
] as const

/**
 * A JSON Schema (OpenAPI 3.0 dialect) without what the API server refuses: closed objects (it prunes unknown fields
 * instead), patterns of dates (`format` says it), bounds that only say "a JavaScript integer". Unknowns are kept as they come.
 */
export const structural = (json: unknown): Schema => {
  const source = isRecord(json) ? json : {}
  const schema: Schema = {}
  for (const key of KEPT) {
    const value = source[key]
    if (value !== undefined && Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER)
      Object.assign(schema, { [key]: value })
  }
  if (isRecord(source['properties'])) {
    const entries = Object.entries(source['properties'])
    schema.properties = Object.fromEntries(entries.map(([name, value]) => [name, structural(value)]))
  }
  if (Array.isArray(source['required'])) schema.required = source['required'].map(String)
  if (source['items'] !== undefined) schema.items = structural(source['items'])
  const values = source['additionalProperties']
  if (isRecord(values)) {
    if (Object.keys(values).length > 0) schema.additionalProperties = structural(values)
    else schema['x-kubernetes-preserve-unknown-fields'] = true
  }
  if (schema.type === undefined) schema['x-kubernetes-preserve-unknown-fields'] = true
  return schema
}

// --- Internal helpers ---

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
