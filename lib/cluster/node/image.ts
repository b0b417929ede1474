import type { ImageMap, Program } from '../types.ts'

/** `docker.io/vllm/vllm-openai:v0.32.0@sha256:…` is `vllm/vllm-openai`, as the image map names it. */
export const imageName = (image: string): string => {
  const [untagged = ''] = image.split('@')
  const slash = untagged.lastIndexOf('/')
  const colon = untagged.indexOf(':', slash + 1)
  return (colon < 0 ? untagged : untagged.slice(0, colon))
    .replace(/^(index\.)?docker\.io\//, '')
    .replace(/^library\//, '')
}

/** The program that runs in place of an image: found by its name as written, else without its default registry. */
export const findProgram = (images: ImageMap, image: string): Program | null => {
  const [untagged = ''] = image.split('@')
  const slash = untagged.lastIndexOf('/')
  const colon = untagged.indexOf(':', slash + 1)
  const written = colon < 0 ? untagged : untagged.slice(0, colon)
  return own(images, written) ?? own(images, imageName(image))
}

// --- Internal helpers ---

const own = (images: ImageMap, name: string): Program | null =>
  Object.hasOwn(images, name) ? (images[name] ?? null) : null
