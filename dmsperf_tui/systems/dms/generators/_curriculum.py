"""What schools teach: course titles by academic subject and kind of school."""

from __future__ import annotations

from dataclasses import dataclass

from dmsperf_tui.systems.dms.generators._levels import ELEMENTARY, HIGH, MIDDLE, SchoolKind

MATHEMATICS = "Mathematics"
ENGLISH = "English Language Arts"
SCIENCE = "Science"
SOCIAL_STUDIES = "Social Studies"
ARTS = "Fine and Performing Arts"
HEALTH = "Physical, Health, and Safety Education"
LANGUAGES = "Foreign Language and Literature"
CAREERS = "Career and Technical Education"

SUBJECTS = (MATHEMATICS, ENGLISH, SCIENCE, SOCIAL_STUDIES, ARTS, HEALTH, LANGUAGES, CAREERS)
CODES = dict(zip(SUBJECTS, ("MATH", "ELA", "SCI", "SOC", "ART", "PE", "LANG", "CTE"), strict=True))


@dataclass(frozen=True, slots=True)
class Course:
    """A course as every school of a kind has it; its code is unique in a school."""

    code: str
    title: str
    subject: str


# A line for each round through the subjects, in their order.
_TITLES: dict[SchoolKind, tuple[tuple[str, ...], ...]] = {
    HIGH: (
        ("Algebra I", "English I", "Biology", "World History", "Drawing", "Physical Education", "Spanish I",
         "Computer Science Principles"),
        ("Geometry", "English II", "Chemistry", "United States History", "Concert Band", "Health", "French I",
         "Business Information Management"),
        ("Algebra II", "English III", "Physics", "American Government", "Theatre Arts", "Weight Training",
         "Spanish II", "Automotive Technology"),
        ("Precalculus", "English IV", "Environmental Science", "Economics", "Choir", "Lifetime Fitness",
         "French II", "Principles of Health Science"),
        ("Calculus", "Creative Writing", "Anatomy and Physiology", "Psychology", "Photography",
         "Sports Medicine", "German I", "Graphic Design"),
        ("Statistics", "Journalism", "Earth Science", "Sociology", "Ceramics", "Team Sports", "Latin I",
         "Culinary Arts"),
    ),
    MIDDLE: (
        ("Mathematics", "English Language Arts", "Life Science", "World Geography", "Art",
         "Physical Education", "Introduction to Spanish", "Exploring Careers"),
        ("Pre-Algebra", "Reading", "Earth Science", "Ancient Civilizations", "Band", "Health",
         "Introduction to French", "Keyboarding"),
        ("Algebra Readiness", "Writing Workshop", "Physical Science", "State History", "Choir", "Team Sports",
         "World Languages", "Introduction to Robotics"),
    ),
    ELEMENTARY: (
        ("Mathematics", "Reading", "Science", "Social Studies", "Art", "Physical Education", "Spanish",
         "Computer Skills"),
        ("Number Sense", "Writing", "Nature Study", "Our Community", "Music", "Health", "World Cultures",
         "Keyboarding"),
        ("Problem Solving", "Phonics", "Science Discovery", "Map Skills", "Dance", "Active Games",
         "Storytelling", "Makers' Workshop"),
    ),
}  # fmt: skip


def courses(kind: SchoolKind, number: int) -> tuple[Course, ...]:
    """The first `number` courses of a kind of school: one of each subject in turn.

    Where the titles are used up they come again for the next level: `Drawing, Level 2`.
    """
    lines = _TITLES[kind]
    found = []
    for turn in range(-(-number // len(SUBJECTS))):
        level, line = divmod(turn, len(lines))
        suffix = f", Level {level + 1}" if level else ""
        for title, subject in zip(lines[line], SUBJECTS, strict=True):
            found.append(Course(f"{CODES[subject]}-{turn + 1:02}", title + suffix, subject))
    return tuple(found[:number])
