/** The oldest Go that builds the tools. */
export declare const GO_NEEDED: string

/** What Go calls itself (`go1.26.1`), or null where there is none on the PATH. */
export declare const goVersion: (env?: Record<string, string | undefined>) => string | null

export declare const isGoEnough: (version: string | null) => boolean
