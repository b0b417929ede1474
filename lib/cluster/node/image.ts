import type { ImageMap, Program } from '../types.ts'

/** `docker.io/vllm/vllm-openai:v0.32.0@sha256:…` is `vllm/vllm-openai`, as the image map names it. */
export const imageName = (image: string): string =>
  parts(image)
    .name.replace(/^(index\.)?docker\.io\//, '')
    .replace(/^library\//, '')

/**
 * The program that runs in place of an image: found by its name as written, else without its default registry, with what its tag says to it.
 * Null where there is none, or not with this tag.
 */
export const findProgram = (images: ImageMap, image: string): Program | null => {
  const { name, tag } = parts(image)
  const program = own(images, name) ?? own(images, imageName(image))
  return program === null ? null : tagged(program, tag)
}

// --- Internal helpers ---

const parts = (image: string): { name: string; tag: string } => {
  const [untagged = ''] = image.split('@')
  const colon = untagged.indexOf(':', untagged.lastIndexOf('/') + 1)
  return colon < 0
    ? { name: untagged, tag: 'latest' }
    : { name: untagged.slice(0, colon), tag: untagged.slice(colon + 1) }
}

const own = (images: ImageMap, name: string): Program | null =>
  Object.hasOwn(images, name) ? (images[name] ?? null) : null

const tagged = (program: Program, tag: string): Program | null => {
  if (program.tags === undefined) return program
  const { pattern, variable } = program.tags
  const match = new RegExp(`^(?:${pattern})$`).exec(tag)
  if (match === null) return null
  const said = match[1]
  return said === undefined || variable === undefined
    ? program
    : { ...program, env: { ...program.env, [variable]: said } }
}
