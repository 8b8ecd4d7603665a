/**
 * An answer that is stored so that later requests can refer to it. Its members are JSON of the dialect that wrote it.
 */
export interface StoredResponse {
  readonly id: string;
  /** The response that this one continues. */
  readonly previousId: string | undefined;
  /** The answer, including the parts that are shown only on request. */
  readonly response: object;
  /** The items that its request added to the conversation. */
  readonly input: readonly object[];
}
