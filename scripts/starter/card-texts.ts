/** Paragraphs of the card that hold no figure. */

export const dataAndLicence = `| source | used for | licence |
|---|---|---|
| NIH ChestX-ray14, two subsets (Wang et al., CVPR 2017; NIH Clinical Center), with the official labels and views, the readings of RSNA’s radiologists (Shih et al., 2019) and Google’s adjudicated labels (Majkowska et al., 2020) | every finding, normal | free use; NIH asks for attribution |
| Kermany et al., Cell 2018, Mendeley Data | pneumonia and normal, children of 1 to 5 years | CC BY 4.0 |
| JSRT (Shiraishi et al., 2000) | nodule, normal | free for research with citation |
| Shenzhen No. 3 Hospital (Jaeger et al., 2014; NLM) | tuberculosis, normal | free with citation |
| OpenIST, teaching files | normal | not stated |
| COVID-19 Radiography Database (Chowdhury, Rahman et al.), a compilation | COVID-19, normal adults | not stated for the compilation |
| COVID-CXNet (Haghanifar et al.) | COVID-19 | CC BY 4.0, originals mixed |
| Hannover Medical School (Winther et al., 2020) | COVID-19 | CC BY 3.0 |
| covid-chestxray, states of March and June 2020 (Cohen, Morrison, Dao: ieee8023/covid-chestxray-dataset) | COVID-19, other pneumonia; lateral views and CT slices for the guard | per image, several not for commercial use, some not stated |
| COVID-CT (Zhao, Zhang, He, Xie, UCSD) | CT slices, COVID-19 and other | not stated; cut from preprints |
| pydicom and other DICOM test files | images that are not chests, for the guard | mixed |

Which of them a network was trained on: its lineage, and the sections below.

No image is shipped. Some licences are not stated or forbid commercial use, so use the weights for research and demonstration only.

Labels. Each states whether a finding is present or absent, and from whom (\`src/commands/starter-labels.ts\`); what nobody stated is unknown. NIH’s labels were extracted from report text and are often wrong: they count half, readings by radiologists count whole, a diagnosis of the patient (every COVID-19 label) counts a quarter.

Split. By patient (sources without patient numbers: by near-duplicates), with near-duplicates in the same part (perceptual hash), stratified by source and label.`;
