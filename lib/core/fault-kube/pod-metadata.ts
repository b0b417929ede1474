/** Labels and annotations of a pod. */
export interface PodMetadata {
  labels: Record<string, string>
  annotations: Record<string, string>
}

/** What is to be set; null takes a name away. */
export interface MetadataChange {
  labels?: Record<string, string | null>
  annotations?: Record<string, string | null>
}

export interface PodMetadataCalls {
  /**
   * Changes exactly this pod (by UID), in one write on its newest version, as often as it takes. Nothing where `change` gives
   * null, or where the pod is gone.
   */
  changePod(pod: { name: string; uid: string }, change: (now: PodMetadata) => MetadataChange | null): Promise<void>
}
