export interface NodeRef {
  name: string
  uid: string
}

export interface NodeState extends NodeRef {
  ready: boolean
  /** Cordoned: no new pod is bound to it. */
  unschedulable: boolean
  annotations: Record<string, string>
}

export interface NodeChange {
  /** False uncordons; left as it is where it is not named. */
  unschedulable?: boolean
  /** Null takes one away. */
  annotations?: Record<string, string | null>
}

export interface NodeCalls {
  /** Null where there is none of that name. */
  readNode(name: string): Promise<NodeState | null>
  /**
   * One write of what `change` makes of the node as it is now; read again where somebody wrote in between. Nothing is written where it
   * gives null, or where the node is gone or another one by now.
   */
  changeNode(node: NodeRef, change: (now: NodeState) => NodeChange | null): Promise<void>
}
