import process from 'node:process'

/** Of all played pods of this process: what is to answer there can listen, beside other test processes. */
export const POD_ADDRESS = `127.9.${(process.pid >> 8) & 255}.${process.pid & 255 || 1}`
export const ENGINE_PORT = 8_000
