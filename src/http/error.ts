/** What came is no request. Nothing after it can be told apart: the connection is over. */
export class HttpError extends Error {
  override readonly name = "HttpError";
}
