import type { Config } from '../config.js';
import { loadConfigFile } from '../config-file.js';
import { deprecatedRules } from '../config/deprecated-names.js';
import { fastaiTransforms, noTransforms, robustTransforms } from '../dataset/augmentation.js';
import { machineMemory } from '../engine/machine-memory.js';
import { defaultPromotionRules, promotionRulesSchema, type PromotionRules } from '../evaluation/promotion/promotion-rules.js';
import { isForeignGraph } from '../network/loadable-network.js';
import type { ServedNetwork } from '../registry/model-version.js';
import { batchByMemory } from '../training/batch-by-memory.js';
import { fastaiRecipe, recipeSchema, type Recipe } from '../training/recipe.js';

/** Images per step where the settings name none and memory allows it. */
const maxBatch = 32;

/** The rules of the gate: those of the rules file, else the defaults. @throws Fault `config-invalid` */
export function promotionRulesOf({ rulesFile }: Pick<Config['retraining'], 'rulesFile'>): PromotionRules {
  return rulesFile ? loadConfigFile(rulesFile, promotionRulesSchema, deprecatedRules) : defaultPromotionRules;
}

/** The recipe of a new run, with a batch that fits in memory. The plan stores the batch: a run that continues uses the same one. */
export function recipeByMemory(
  settings: Pick<Config, 'retraining'>,
  { network, input }: Pick<ServedNetwork, 'network' | 'input'>,
): { readonly recipe: Recipe; readonly batchBy?: string } {
  const recipe = retrainingRecipeOf(settings);
  // A graph's images go through it once, a few at a time: no batch is trained.
  if (settings.retraining.batch !== undefined || isForeignGraph(network)) return { recipe };
  const { batch, why } = batchByMemory(network.architecture, recipe.stages, input, machineMemory(), maxBatch);
  return { recipe: { ...recipe, batch }, batchBy: why };
}

/**
 * The two stages of fastai. The second begins with a tenth of its rate, because the network already knows chest X-rays. What the recipe
 * file states takes precedence.
 *
 * @throws Fault `config-invalid` naming the setting of the recipe file
 */
export function retrainingRecipeOf({ retraining }: Pick<Config, 'retraining'>): Recipe {
  const { batch, headEpochs, headRate, epochs, rate, seed, augmentation, recipeFile } = retraining;
  const stages = [
    ...(headEpochs > 0 ? [{ what: 'head' as const, epochs: headEpochs, rate: headRate }] : []),
    ...(epochs > 0 ? [{ what: 'all' as const, epochs, rate, firstRate: rate / 10 }] : []),
  ];
  const recipe: Recipe = {
    ...fastaiRecipe,
    seed,
    batch: batch ?? maxBatch,
    stages,
    augmentation: { fastai: fastaiTransforms, robust: robustTransforms, none: noTransforms }[augmentation],
  };
  return recipeFile === undefined ? recipe : recipeSchema.parse({ ...recipe, ...loadConfigFile(recipeFile, recipeSchema.partial()) });
}
