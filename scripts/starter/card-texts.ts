/** Paragraphs of the card that hold no figure. */

export const dataAndLicence = `| source | used for | licence |
|---|---|---|
| covid-chestxray, state of 15 March 2020 (Cohen, Morrison, Dao: ieee8023/covid-chestxray-dataset) | COVID-19, other pneumonia; lateral views and CT slices for the guard | per image, several not for commercial use, some not stated |
| NIH ChestX-ray14, two subsets (Wang et al., CVPR 2017; NIH Clinical Center) | pneumonia, no finding, thirteen other findings as hard negatives | free use; NIH asks for attribution, given here |
| Kermany et al., Cell 2018, Mendeley Data | pneumonia and normal, children of 1 to 5 years | CC BY 4.0 |
| COVID-19 Radiography Database (Chowdhury, Rahman et al.), a compilation | COVID-19, normal adults | not stated for the compilation |
| COVID-CT (Zhao, Zhang, He, Xie, UCSD) | CT slices, COVID-19 and other | not stated; cut from preprints |
| pydicom and other DICOM test files | images that are not chests, for the guard | mixed |

No image is shipped. Some licences are not stated or forbid commercial use, so use the weights for research and demonstration only.

Labels. NIH's labels were extracted from report text; about one in twenty "pneumonia" images has no such label in NIH's own list. NIH images with only infiltration or consolidation, and ARDS, have no label for pneumonia. Every COVID-19 image counts as pneumonia, even if it may look normal.

Split. By patient (sources without patient numbers: by near-duplicates), with near-duplicates in the same part (perceptual hash), stratified by source and label.`;

export const howToUse = `Show this card with every result. Keep the word "undetermined". Do not use \`covid-19\` to decide about isolation or treatment. Evaluate the model on your own studies before you rely on any figure above, and expect worse results than here.`;
