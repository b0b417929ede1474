const REFERENCE = /\$(?:\$|\(([^)]*)\))/g

/**
 * `$(NAME)` becomes the variable's value, `$$` a dollar sign; a reference to an unknown variable stays as it is.
 * Kubernetes' own rule (third_party/forked/golang/expansion).
 */
export const expand = (text: string, lookup: (name: string) => string | undefined): string =>
  text.replace(REFERENCE, (found: string, name: string | undefined) =>
    name === undefined ? '$' : (lookup(name) ?? found),
  )
