/** A kind that has no calls of its own, as its path in the API names it. */
export interface ObjectKind {
  group: string
  version: string
  plural: string
}

/** Objects that the fault creates: they carry its label and belong to it. */
export interface ObjectCalls {
  /** Resolves where it is there already, and ours; throws where the name is somebody else's. */
  createObject(kind: ObjectKind, object: { metadata: { name: string } } & Record<string, unknown>): Promise<void>
  /** As the API server has it; null where there is none, and where the cluster has no such kind. */
  readObject(kind: ObjectKind, name: string): Promise<unknown>
  /** Deletes it where it is ours; what is somebody else's is left alone. */
  deleteObject(kind: ObjectKind, name: string): Promise<void>
}
