package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/server"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/rest"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/cli/globalflag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	controllermanageroptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// newControllersCommand runs the controller manager and the scheduler in one
// process, as k3s does: the greater part of either's memory is the program
// itself. The scheduler's flags follow those of the controller manager after
// a "--"; without it there is no scheduler. Both are set up one after the
// other, since they share the logging and the feature gates; whichever ends
// first ends the process.
func newControllersCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "controllers [controller manager flags] [-- scheduler flags]",
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			return runControllers(server.SetupSignalContext(), args)
		},
	}
}

func runControllers(ctx context.Context, args []string) error {
	managerArgs, schedulerArgs := args, []string(nil)
	split := slices.Index(args, "--")
	if split >= 0 {
		managerArgs, schedulerArgs = args[:split], args[split+1:]
	}
	// Nobody reads the warnings of watched, deprecated APIs.
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	runManager, err := setUpControllerManager(ctx, managerArgs)
	if err != nil {
		return fmt.Errorf("controller manager: %w", err)
	}
	ended := make(chan error, 2)
	if split >= 0 {
		runScheduler, err := setUpScheduler(ctx, schedulerArgs)
		if err != nil {
			return fmt.Errorf("scheduler: %w", err)
		}
		go func() { ended <- runScheduler() }()
	}
	go func() { ended <- runManager() }()
	return <-ended
}

func setUpControllerManager(ctx context.Context, args []string) (func() error, error) {
	known, disabled := controllermanager.KnownControllers(), controllermanager.ControllersDisabledByDefault()
	aliases := controllermanager.ControllerAliases()
	options, err := controllermanageroptions.NewKubeControllerManagerOptions()
	if err != nil {
		return nil, err
	}
	flags := options.Flags(known, disabled, aliases)
	options.ParsedFlags = &flags
	if err := parse("controller-manager", flags, args); err != nil {
		return nil, err
	}
	if err := options.ComponentGlobalsRegistry.Set(); err != nil {
		return nil, err
	}
	// Once for both: the scheduler is given no logging flags of its own.
	if err := logsapi.ValidateAndApply(options.Logs, utilfeature.DefaultFeatureGate); err != nil {
		return nil, err
	}
	config, err := options.Config(ctx, known, disabled, aliases)
	if err != nil {
		return nil, err
	}
	return func() error { return controllermanager.Run(ctx, config.Complete()) }, nil
}

func setUpScheduler(ctx context.Context, args []string) (func() error, error) {
	options := scheduleroptions.NewOptions()
	if err := parse("scheduler", *options.Flags, args); err != nil {
		return nil, err
	}
	config, instance, err := scheduler.Setup(ctx, options)
	if err != nil {
		return nil, err
	}
	return func() error { return scheduler.Run(ctx, config, instance) }, nil
}

func parse(name string, sets cliflag.NamedFlagSets, args []string) error {
	globalflag.AddGlobalFlags(sets.FlagSet("global"), name, logs.SkipLoggingConfigurationFlags())
	all := pflag.NewFlagSet(name, pflag.ContinueOnError)
	all.SetOutput(os.Stderr)
	for _, set := range sets.FlagSets {
		all.AddFlagSet(set)
	}
	if err := all.Parse(args); err != nil {
		return err
	}
	if all.NArg() > 0 {
		return fmt.Errorf("takes flags only, got %q", all.Args())
	}
	return nil
}
