"""The resources that the stand-in serves: Ed-Fi Data Standard 5.2, the part that a load test starts with.

Required fields, natural keys and lengths are those of the standard's ApiSchema (`jsonSchemaForInsert`,
`identityJsonPaths`, `allowIdentityUpdates`). Optional collections that no load test fills are left out: DMS
drops unknown properties without a word, so a body that carries them is accepted here as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from dmsperf_tui.standin.schema import (
    EDUCATION_ORGANIZATIONS,
    Collection,
    Kind,
    Member,
    Reference,
    Resource,
    Scalar,
)


def _text(name: str, max_length: int, *, required: bool = False, key: bool = False, least: int = 0) -> Scalar:
    return Scalar(name, required=required or key, key=key, min_length=least, max_length=max_length)


def _integer(name: str, *, required: bool = False, key: bool = False, least: int | None = None) -> Scalar:
    return Scalar(name, Kind.INTEGER, required=required or key, key=key, minimum=least)


def _number(name: str) -> Scalar:
    return Scalar(name, Kind.NUMBER)


def _flag(name: str, *, required: bool = False) -> Scalar:
    return Scalar(name, Kind.BOOLEAN, required=required)


def _date(name: str, *, required: bool = False, key: bool = False) -> Scalar:
    return Scalar(name, Kind.DATE, required=required or key, key=key)


def _descriptor(kind: str, name: str = "", *, required: bool = False, key: bool = False) -> Scalar:
    """A descriptor of type `kind`, in a property of that type's name unless `name` says otherwise."""
    return Scalar(
        name or f"{kind}Descriptor",
        Kind.DESCRIPTOR,
        required=required or key,
        key=key,
        descriptor=f"{kind}Descriptors",
    )


def _descriptors(name: str, kind: str, *, required: bool = False) -> Collection:
    return Collection(name, (_descriptor(kind, required=True),), required=required)


def _reference(
    name: str, target: str, *members: Scalar, required: bool = False, key: bool = False
) -> Reference:
    return Reference(name, target, members, required=required or key, key=key)


def _school(name: str = "schoolReference", *, key: bool = False) -> Reference:
    return _reference(name, "schools", _integer("schoolId", required=True), key=key)


def _school_year(name: str) -> Reference:
    return _reference(name, "schoolYearTypes", _integer("schoolYear", required=True))


def _student() -> Reference:
    return _reference("studentReference", "students", _text("studentUniqueId", 32, required=True), key=True)


def _staff() -> Reference:
    return _reference("staffReference", "staffs", _text("staffUniqueId", 32, required=True), key=True)


def _education_organization() -> Reference:
    member = _integer("educationOrganizationId", required=True)
    return _reference("educationOrganizationReference", EDUCATION_ORGANIZATIONS, member, key=True)


_INSTITUTION: tuple[Member, ...] = (
    _text("nameOfInstitution", 75, required=True),
    _text("shortNameOfInstitution", 75),
    _text("webSite", 255, least=5),
    _descriptor("operationalStatus"),
    _descriptor("charterStatus"),
)

_PERSON: tuple[Member, ...] = (
    _text("firstName", 75, required=True),
    _text("lastSurname", 75, required=True),
    _text("middleName", 75),
    _text("maidenName", 75),
    _text("generationCodeSuffix", 10),
    _text("personalTitlePrefix", 30),
    _text("preferredFirstName", 75),
    _text("preferredLastSurname", 75),
)

RESOURCES: tuple[Resource, ...] = (
    Resource(
        "schoolYearTypes",
        "SchoolYearType",
        (
            _integer("schoolYear", key=True, least=0),
            _flag("currentSchoolYear", required=True),
            _text("schoolYearDescription", 50, required=True),
        ),
    ),
    Resource(
        "localEducationAgencies",
        "LocalEducationAgency",
        (
            _integer("localEducationAgencyId", key=True),
            _descriptor("localEducationAgencyCategory", required=True),
            _descriptors("categories", "educationOrganizationCategory", required=True),
            *_INSTITUTION,
        ),
        superclass=EDUCATION_ORGANIZATIONS,
    ),
    Resource(
        "schools",
        "School",
        (
            _integer("schoolId", key=True),
            _descriptors("educationOrganizationCategories", "educationOrganizationCategory", required=True),
            _descriptors("gradeLevels", "gradeLevel", required=True),
            _descriptor("schoolType"),
            _reference(
                "localEducationAgencyReference",
                "localEducationAgencies",
                _integer("localEducationAgencyId", required=True),
            ),
            _school_year("charterApprovalSchoolYearTypeReference"),
            *_INSTITUTION,
        ),
        superclass=EDUCATION_ORGANIZATIONS,
    ),
    Resource(
        "students",
        "Student",
        (
            _text("studentUniqueId", 32, key=True),
            *_PERSON,
            _date("birthDate", required=True),
            _text("birthCity", 30, least=2),
            _text("birthInternationalProvince", 150),
            _descriptor("sex", "birthSexDescriptor"),
            _date("dateEnteredUS"),
            _flag("multipleBirthStatus"),
        ),
    ),
    Resource(
        "staffs",
        "Staff",
        (
            _text("staffUniqueId", 32, key=True),
            *_PERSON,
            _date("birthDate"),
            _text("genderIdentity", 60),
            _flag("highlyQualifiedTeacher"),
            _flag("hispanicLatinoEthnicity"),
            _text("loginId", 60),
            _descriptor("sex"),
            _number("yearsOfPriorProfessionalExperience"),
            _number("yearsOfPriorTeachingExperience"),
        ),
    ),
    Resource(
        "studentSchoolAssociations",
        "StudentSchoolAssociation",
        (
            _date("entryDate", key=True),
            _school(key=True),
            _student(),
            _descriptor("gradeLevel", "entryGradeLevelDescriptor", required=True),
            _descriptor("entryType"),
            _date("exitWithdrawDate"),
            _school("nextYearSchoolReference"),
            _school_year("classOfSchoolYearTypeReference"),
            _school_year("schoolYearTypeReference"),
            _descriptor("gradeLevel", "nextYearGradeLevelDescriptor"),
            _flag("employedWhileEnrolled"),
            _number("fullTimeEquivalency"),
            _flag("primarySchool"),
            _flag("repeatGradeIndicator"),
            _flag("schoolChoice"),
            _flag("schoolChoiceTransfer"),
            _flag("termCompletionIndicator"),
        ),
        identity_updatable=True,
    ),
    Resource(
        "staffEducationOrganizationEmploymentAssociations",
        "StaffEducationOrganizationEmploymentAssociation",
        (
            _education_organization(),
            _descriptor("employmentStatus", key=True),
            _staff(),
            _date("hireDate", required=True),
            _date("endDate"),
            _date("offerDate"),
            _text("department", 60),
            _number("annualWage"),
            _number("hourlyWage"),
            _number("fullTimeEquivalency"),
        ),
    ),
    Resource(
        "staffEducationOrganizationAssignmentAssociations",
        "StaffEducationOrganizationAssignmentAssociation",
        (
            _date("beginDate", key=True),
            _education_organization(),
            _descriptor("staffClassification", key=True),
            _staff(),
            _date("endDate"),
            _integer("orderOfAssignment"),
            _text("positionTitle", 100),
            _number("fullTimeEquivalency"),
            _reference(
                "employmentStaffEducationOrganizationEmploymentAssociationReference",
                "staffEducationOrganizationEmploymentAssociations",
                _integer("educationOrganizationId", required=True),
                _descriptor("employmentStatus", required=True),
                _text("staffUniqueId", 32, required=True),
            ),
        ),
    ),
    Resource(
        "academicWeeks",
        "AcademicWeek",
        (
            _school(key=True),
            _text("weekIdentifier", 80, key=True, least=5),
            _date("beginDate", required=True),
            _date("endDate", required=True),
            _integer("totalInstructionalDays", required=True, least=0),
        ),
    ),
    Resource(
        "courses",
        "Course",
        (
            _text("courseCode", 60, key=True),
            _education_organization(),
            _text("courseTitle", 60, required=True),
            Scalar("numberOfParts", Kind.INTEGER, required=True, minimum=1, maximum=8),
            Collection(
                "identificationCodes",
                (
                    _descriptor("courseIdentificationSystem", required=True),
                    _text("identificationCode", 60, required=True),
                    _text("assigningOrganizationIdentificationCode", 60),
                    _text("courseCatalogURL", 255, least=5),
                ),
                required=True,
            ),
            _descriptors("academicSubjects", "academicSubject"),
            _descriptors("levelCharacteristics", "courseLevelCharacteristic"),
            _descriptors("offeredGradeLevels", "gradeLevel"),
            _text("courseDescription", 1024),
            _date("dateCourseAdopted"),
            _flag("highSchoolCourseRequirement"),
            _integer("maxCompletionsForCredit", least=1),
            _number("maximumAvailableCredits"),
            _number("maximumAvailableCreditConversion"),
            _number("minimumAvailableCredits"),
            _number("minimumAvailableCreditConversion"),
            _integer("timeRequiredForCompletion", least=1),
        ),
    ),
)


def descriptor_resource(kind: str) -> Resource:
    """The endpoint of one descriptor type; `kind` is its name without the suffix, such as `gradeLevel`."""
    return Resource(
        f"{kind}Descriptors",
        f"{kind[0].upper()}{kind[1:]}Descriptor",
        (
            _text("namespace", 255, key=True),
            _text("codeValue", 50, key=True),
            _text("shortDescription", 75, required=True),
            _text("description", 1024),
            _date("effectiveBeginDate"),
            _date("effectiveEndDate"),
        ),
        is_descriptor=True,
    )


def catalogue(descriptor_kinds: Sequence[str]) -> tuple[Resource, ...]:
    """Everything served: the resources above and one endpoint for each descriptor type."""
    return (*(descriptor_resource(kind) for kind in descriptor_kinds), *RESOURCES)
