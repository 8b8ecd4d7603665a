/** One envelope for all of OpenAI's endpoints. */
export { errorFrame, renderError } from '../openai/error.ts';
