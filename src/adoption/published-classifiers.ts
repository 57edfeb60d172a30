/** A classifier that its publisher offers for download, and what has to be known besides its weights. */
export interface PublishedClassifier {
  /** For example `torchxrayvision/densenet121-res224-all`. */
  readonly name: string;
  readonly url: string;
  /** Side of the network's input in pixels. */
  readonly side: number;
  /** In the order of the outputs; empty for an output that was not trained. */
  readonly labels: readonly string[];
  /** The publisher's operating points on its probabilities; null for an output that was not trained. */
  readonly operatingPoints: readonly (number | null)[];
  /** Hexadecimal digits of the file's SHA-256, where its publisher states them. */
  readonly sha256?: string;
}

/**
 * torchxrayvision 1.5.7, `model_urls` in models.py (Cohen et al. 2022, arXiv 2111.00595). It states no checksums. The DenseNets are
 * whole pickled modules, the ResNet is a state_dict.
 */
export const publishedClassifiers: readonly PublishedClassifier[] = [
  {
    name: 'torchxrayvision/densenet121-res224-all',
    url: 'https://github.com/mlmed/torchxrayvision/releases/download/v1/nih-pc-chex-mimic_ch-google-openi-kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt',
    side: 224,
    labels: ['Atelectasis', 'Consolidation', 'Infiltration', 'Pneumothorax', 'Edema', 'Emphysema', 'Fibrosis', 'Effusion', 'Pneumonia', 'Pleural_Thickening', 'Cardiomegaly', 'Nodule', 'Mass', 'Hernia', 'Lung Lesion', 'Fracture', 'Lung Opacity', 'Enlarged Cardiomediastinum'],
    operatingPoints: [0.07422872, 0.038290843, 0.09814756, 0.0098118475, 0.023601074, 0.0022490358, 0.010060724, 0.103246614, 0.056810737, 0.026791653, 0.050318155, 0.023985857, 0.01939503, 0.042889766, 0.053369623, 0.035975814, 0.20204692, 0.05015312],
  },
  {
    name: 'torchxrayvision/densenet121-res224-nih',
    url: 'https://github.com/mlmed/torchxrayvision/releases/download/v1/nih-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt',
    side: 224,
    labels: ['Atelectasis', 'Consolidation', 'Infiltration', 'Pneumothorax', 'Edema', 'Emphysema', 'Fibrosis', 'Effusion', 'Pneumonia', 'Pleural_Thickening', 'Cardiomegaly', 'Nodule', 'Mass', 'Hernia', '', '', '', ''],
    operatingPoints: [0.039117552, 0.0034529066, 0.11396341, 0.0057298196, 0.00045666535, 0.0018880932, 0.012037827, 0.038744126, 0.0037213727, 0.014730946, 0.016149804, 0.054241467, 0.037198864, 0.0004403434, null, null, null, null],
  },
  {
    name: 'torchxrayvision/densenet121-res224-pc',
    url: 'https://github.com/mlmed/torchxrayvision/releases/download/v1/pc-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt',
    side: 224,
    labels: ['Atelectasis', 'Consolidation', 'Infiltration', 'Pneumothorax', 'Edema', 'Emphysema', 'Fibrosis', 'Effusion', 'Pneumonia', 'Pleural_Thickening', 'Cardiomegaly', 'Nodule', 'Mass', 'Hernia', '', 'Fracture', '', ''],
    operatingPoints: [0.031012505, 0.013347598, 0.081435576, 0.001262615, 0.002587246, 0.0035944257, 0.0023071, 0.055412333, 0.044385884, 0.042766232, 0.043258056, 0.037629247, 0.005658899, 0.0091741895, null, 0.026507627, null, null],
  },
  {
    name: 'torchxrayvision/densenet121-res224-chex',
    url: 'https://github.com/mlmed/torchxrayvision/releases/download/v1/chex-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt',
    side: 224,
    labels: ['Atelectasis', 'Consolidation', '', 'Pneumothorax', 'Edema', '', '', 'Effusion', 'Pneumonia', '', 'Cardiomegaly', '', '', '', 'Lung Lesion', 'Fracture', 'Lung Opacity', 'Enlarged Cardiomediastinum'],
    operatingPoints: [0.1988969, 0.05710573, null, 0.0531293, 0.1435217, null, null, 0.27212676, 0.07749717, null, 0.19712369, null, null, null, 0.09932402, 0.09273402, 0.3270967, 0.10888247],
  },
  {
    name: 'torchxrayvision/densenet121-res224-mimic_nb',
    url: 'https://github.com/mlmed/torchxrayvision/releases/download/v1/mimic_nb-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt',
    side: 224,
    labels: ['Atelectasis', 'Consolidation', '', 'Pneumothorax', 'Edema', '', '', 'Effusion', 'Pneumonia', '', 'Cardiomegaly', '', '', '', 'Lung Lesion', 'Fracture', 'Lung Opacity', 'Enlarged Cardiomediastinum'],
    operatingPoints: [0.08558747, 0.011884617, null, 0.0040595434, 0.010733786, null, null, 0.118761964, 0.022924708, null, 0.06358637, null, null, null, 0.022143636, 0.017476924, 0.1258702, 0.014020768],
  },
  {
    name: 'torchxrayvision/densenet121-res224-mimic_ch',
    url: 'https://github.com/mlmed/torchxrayvision/releases/download/v1/mimic_ch-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt',
    side: 224,
    labels: ['Atelectasis', 'Consolidation', '', 'Pneumothorax', 'Edema', '', '', 'Effusion', 'Pneumonia', '', 'Cardiomegaly', '', '', '', 'Lung Lesion', 'Fracture', 'Lung Opacity', 'Enlarged Cardiomediastinum'],
    operatingPoints: [0.09121389, 0.010573786, null, 0.005023008, 0.003698257, null, null, 0.08001232, 0.037242252, null, 0.05006329, null, null, null, 0.019866971, 0.03823637, 0.11303808, 0.0069147074],
  },
  {
    name: 'torchxrayvision/densenet121-res224-rsna',
    url: 'https://github.com/mlmed/torchxrayvision/releases/download/v1/kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt',
    side: 224,
    labels: ['', '', '', '', '', '', '', '', 'Pneumonia', '', '', '', '', '', '', '', 'Lung Opacity', ''],
    operatingPoints: [null, null, null, null, null, null, null, null, 0.13486601, null, null, null, null, null, null, null, 0.13511065, null],
  },
  {
    name: 'torchxrayvision/resnet50-res512-all',
    url: 'https://github.com/mlmed/torchxrayvision/releases/download/v1/pc-nih-rsna-siim-vin-resnet50-test512-e400-state.pt',
    side: 512,
    labels: ['Atelectasis', 'Consolidation', 'Infiltration', 'Pneumothorax', 'Edema', 'Emphysema', 'Fibrosis', 'Effusion', 'Pneumonia', 'Pleural_Thickening', 'Cardiomegaly', 'Nodule', 'Mass', 'Hernia', 'Lung Lesion', 'Fracture', 'Lung Opacity', 'Enlarged Cardiomediastinum'],
    operatingPoints: [0.51570356, 0.50444704, 0.53787947, 0.50723547, 0.5025118, 0.5035252, 0.5038076, 0.51862943, 0.5078151, 0.50724894, 0.5056339, 0.510706, 0.5053923, 0.5020846, null, 0.5080557, 0.5138526, null],
  },
];
