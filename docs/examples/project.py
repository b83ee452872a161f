"""A folder of photographs becomes a project that the page opens, and what was decided there becomes a training set."""

import annotator

with annotator.Project("people") as project:
    project.add_pictures("photos")
    report = project.prelabel(annotator.load_model())
    print(report.done, "pictures pre-labelled,", len(report.failures), "failed")

    # ... then somebody reviews them: annotator serve --project people

    for picture in project.pictures():
        accepted = project.instances(picture)
        print(picture.file_name, "reviewed" if picture.reviewed else "to do", len(accepted))
    for decision in project.decisions():
        print(decision.at, decision.who, decision.verb, decision.key, decision.score)

    if any(picture.reviewed for picture in project.pictures()):
        exported = project.export("dataset", with_images=True)
        print(*exported.lines, sep="\n")
