"""What the clients print that ask for every feature of a package."""

import json


def print_answers(features, plain):
    """Prints as JSON what each feature gave, made `plain`, by its name. A failure is printed as such."""

    def answer(feature):
        try:
            return {"got": plain(feature())}
        except Exception as error:  # noqa: BLE001, the test says which feature failed, and how
            return {"failed": f"{type(error).__name__}: {error}"[:300]}

    print(json.dumps({name: answer(feature) for name, feature in features.items()}, default=str))
