import { join } from 'node:path';
import { projectRoot } from '../../src/config.js';

/**
 * Folder of a model for chest radiographs and CT with the findings pneumonia and COVID-19: the starter of releases 0.1 to 0.3. Tests that
 * need a model with findings use it, so that they do not depend on the model that ships. It is wrong at hospitals that it was not
 * trained on, and the gate rejects it.
 */
export const twoFindingModel = join(projectRoot, 'tests/fixtures/models/two-findings');
