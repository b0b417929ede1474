/** The same image with another tag; a digest, which would win, goes. */
export const withTag = (image: string, tag: string): string => {
  const [untagged = ''] = image.split('@')
  const colon = untagged.indexOf(':', untagged.lastIndexOf('/') + 1)
  return `${colon < 0 ? untagged : untagged.slice(0, colon)}:${tag}`
}
