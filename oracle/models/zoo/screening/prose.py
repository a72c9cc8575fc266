"""The card's words: what the screening model is for, where it came from, and what it must not be used for."""

from typing import TypedDict


class _Words(TypedDict):
    name: str
    version: str
    task: str
    description: str
    architecture: str
    licence: str
    intended_use: str
    limits: str


class _Source(TypedDict):
    dataset: str
    source: str
    doi: str
    licence: str


WORDS: _Words = {
    "name": "screening",
    "version": "1.0.0",
    "task": "Tell malignant from benign breast masses by measurements of cell nuclei in a fine-needle aspirate.",
    "description": (
        "Logistic regression over 30 saturating inputs: nearly linear for usual measurements, while no single unusual "
        "one can decide alone. Temperature-scaled on out-of-fold logits; the threshold is set for sensitivity."
    ),
    "architecture": "screening",
    "licence": "MIT",
    "intended_use": (
        "Demonstration, development and tests of Assent: verdicts on consented records, with an explanation for each."
    ),
    "limits": (
        "Not a medical device, and no basis for diagnosis or treatment. Trained on 512 cases of one US hospital from "
        "around 1990, one kind of image and one outlining software; lengths are in pixels of those images, not in "
        "millimetres. Other populations, microscopes or outlines are outside of what was measured. Age, sex and "
        "ethnicity aren't recorded in the data, so fairness across groups is unknown. A low score doesn't rule out "
        "cancer."
    ),
}

SOURCE: _Source = {
    "dataset": "Breast Cancer Wisconsin (Diagnostic), W. Wolberg, O. Mangasarian, N. Street, W. Street; donated 1995",
    "source": "UCI Machine Learning Repository, as distributed with scikit-learn (sklearn.datasets.load_breast_cancer)",
    "doi": "10.24432/C5DW2B",
    "licence": "CC BY 4.0",
}
