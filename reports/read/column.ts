/** One number of each row, side by side: a run has tens of thousands of requests, and each figure is about all of them. */
export const columnOf = <Row>(rows: readonly Row[], value: (row: Row) => number | null): Float64Array => {
  const column = new Float64Array(rows.length)
  let length = 0
  // Rows that have none are left out.
  for (const row of rows) {
    const one = value(row)
    if (one !== null) column[length++] = one
  }
  return column.subarray(0, length)
}
