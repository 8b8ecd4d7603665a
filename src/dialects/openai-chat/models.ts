/** One list of models for all of OpenAI's endpoints. */
export { renderModel, renderModels } from '../openai/models.ts';
