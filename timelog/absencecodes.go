package timelog

// AbsenceCode is a reason to be away. See https://api.timelog.com/rest/service/absencecode
type AbsenceCode struct {
	ID                        AbsenceCodeID             `json:"AbsenceCodeID"`
	GUID                      AbsenceCodeGUID           `json:"ID,omitzero"`
	AbsenceCode               string                    `json:"AbsenceCode"`
	Name                      string                    `json:"Name"`
	Description               string                    `json:"Description"`
	IsActive                  bool                      `json:"IsActive"`
	FlexPositiveFactor        float64                   `json:"FlexPositiveFactor"`
	SalaryAccountFactor       float64                   `json:"SalaryAccountFactor"`
	SalaryAccountFactorEffect SalaryAccountFactorEffect `json:"SalaryAccountFactorEffect"`
	SalaryAccountID           SalaryAccountID           `json:"SalaryAccountID,omitzero"`
	AbsenceCodeTypeID         AbsenceCodeType           `json:"AbsenceCodeTypeID"`
	DeductCapacity            bool                      `json:"DeductCapacity"`
	// TimeTrackingFormat says how long an absence may be: hours, days or half days.
	TimeTrackingFormat TimeTrackingFormat `json:"TimeTrackingFormat"`
	RequireApproval    bool               `json:"RequireApproval"` // by a manager, before it counts
	IsPublicVisible    bool               `json:"IsPublicVisible"`
	IsFavourite        bool               `json:"IsFavourite"` // of the caller
}

// SalaryAccountFactorEffect is what an absence does to a salary account. Unknown values are kept as they are.
type SalaryAccountFactorEffect int

// What an absence does to a salary account.
const (
	SalaryAccountAdd      SalaryAccountFactorEffect = 1
	SalaryAccountSubtract SalaryAccountFactorEffect = -1
)

// AbsenceCodeType is the kind of an absence. Unknown values are kept as they are.
type AbsenceCodeType int

// The kinds of absences.
const (
	AbsenceIllness        AbsenceCodeType = 1
	AbsenceHoliday        AbsenceCodeType = 2
	AbsenceNotCompensated AbsenceCodeType = 3
	AbsenceCompensated    AbsenceCodeType = 4
)
