"""Problems that a user can mend.

Each text names the file, the row, what was found, what was expected and what to do. A stage
prints it alone and exits with status 1; anything else that is raised is a bug and shows its
traceback.

    NoisyauError
      ParamsError      params.yaml
      AssetError       third-party files: weights, meshes
      CorpusError      raw data sets and biographies
      TableError       the Parquet tables and the face store
      AnnotatorError   programs that code faces
      TrainingError    nets, checkpoints, the training loop
      EvaluationError  predictions and scores
      JobError         a worker process that died
"""


class NoisyauError(Exception):
    """A problem that the user can mend; its text says how."""


class ParamsError(NoisyauError):
    """params.yaml holds something that it may not."""


class AssetError(NoisyauError):
    """A third-party file is missing, or is not the one that was pinned."""


class CorpusError(NoisyauError):
    """A raw data set is not in the form that its makers publish."""


class TableError(NoisyauError):
    """A table breaks its schema or one of its rules."""


class AnnotatorError(NoisyauError):
    """A program that codes faces cannot be run."""


class TrainingError(NoisyauError):
    """A net cannot be built, loaded or trained."""


class EvaluationError(NoisyauError):
    """Predictions cannot be scored."""


class JobError(NoisyauError):
    """Work in other processes did not come to its end."""
