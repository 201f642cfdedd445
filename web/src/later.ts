/**
 * What is not in sight at first. It comes once the classifier is here and the first film may go through, and before
 * requests are counted.
 */
import './style/pages.css';
import './style/print.css';

export { save } from './exports.js';
export { ModelView } from './modelView.js';
export { occlusion } from './occlusion.js';
export { Offline } from './offline.js';
export { OperatingPoint } from './operating.js';
export { panel } from './parts.js';
export { plot, type Line } from './plots.js';
export { Storage } from './storage.js';
export { offerFiles } from './takeAway.js';
export { TrustView } from './trustView.js';
